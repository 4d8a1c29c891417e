"""Commands about tapes: `mtx`, `mt` and `dd`.

Sources: the source of mtx 1.3.12, mt-st 1.4 and its source, coreutils 9.1 `dd`, all as Debian 12
brings them, and the Linux kernel's documentation of the SCSI tape driver (`st`): one program at a
time has a drive open, opening waits for a cartridge that is being threaded, closing after a write
leaves a file mark behind, and so does the death of the writer.
"""
