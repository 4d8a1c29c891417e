"""A hard disk in a bay: what it says of itself, and what of its bytes a computer would see.

A disk is two things in the world's folder, so that it works on any computer and without rights:

- `disks/<serial>.img`, a sparse file of the disk's size, is what one reads from the device. All
  zeros on a new disk; after `mkfs` it has an ext4 superblock, which `blkid` recognises, and no
  more.
- `disks/<serial>/` is the root of its file system.

Not modelled: partitions, the blocks of files inside the device, journals that need replay, a disk
that gets slower, surface scans, and the time that reading and writing files takes.

Nor can a folder refuse what does not fit. Instead a disk keeps what fits: at `umount`, and when it
loses power, files beyond its capacity are cut off, the newest first. `df` tells before it comes to
that how much room there is.
"""
