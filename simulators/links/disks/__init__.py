"""Commands about hard disks: `smartctl`, `mount`, `umount`, `mkfs`, `df`.

Sources: smartctl 7.3, util-linux 2.38, e2fsprogs 1.47 and coreutils 9.1 as they behave on Debian
12, and their manual pages.

A mount point becomes a symbolic link to the folder with the disk's files, and an empty folder again
when it is unmounted. What that leaves out:

- `os.path.ismount` does not see it; `mount` without arguments lists it.
- The kernel enforces nothing: neither `ro`, nor the disk's size (`simulators.devices.disk`).
- A disk that loses its power while it is mounted leaves a link to nowhere: opening a file below
  fails with ENOENT where a kernel would say EIO. Files that are open already stay readable.
"""
