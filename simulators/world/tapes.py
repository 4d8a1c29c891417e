"""Tape cartridges, the unit's slots and its drives.

A cartridge's tape files are in the world's `tapes/<barcode>/`, one host file each, named
`00000`, `00001`, … in order of their file marks. What `mtx`, `mt` and `dd` do is done by
the programs of that name (`simulators.links`).

Faults in `State.faults`: `tape-drive-gone:<drive>` it does not answer; `picker-jam` the unit
moves nothing.
"""

import msgspec

TAPE_DRIVE_GONE = "tape-drive-gone"
"""Name of the fault in the world, with a tape drive's name: it does not answer."""
PICKER_JAM = "picker-jam"
"""Name of the fault in the world: the tape unit's picker moves nothing."""


class Tape(msgspec.Struct):
    """One cartridge."""

    barcode: str
    """Also its key in the world. A cartridge whose label came off has `unlabelled` set."""
    place: str
    """``t01``…, ``td1``…, or `OUTSIDE`."""
    home: str = ""
    """The slot that it was loaded from, while it is in a drive."""
    kind: str = "LTO-7"
    capacity_bytes: int = 6_000_000_000_000
    write_protected: bool = False
    unlabelled: bool = False
    """The unit's reader sees no barcode."""
    files: list[int] = []
    """Bytes of each tape file that ended with a file mark."""
    block_sizes: list[int] = []
    """Bytes of a block of each tape file; its last block may be shorter."""
    cut_off: bool = False
    """The last tape file has no file mark: the power went while it was written."""
    write_error_at: int | None = None
    """Writing fails when the cartridge holds this many bytes."""
    bad_files: list[int] = []
    """Tape files that read with a medium error."""
    loads: int = 0


class TapeDriveState(msgspec.Struct):
    """Where the head stands on the cartridge in the drive."""

    file_number: int = 0
    block_number: int = 0
    at_end_of_data: bool = False
    ejected: bool = False
    """The cartridge was let go (`mt eject`) and waits for the picker: the drive is offline."""
