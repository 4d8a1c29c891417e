"""Hard disks as media: which disk is in which bay, and volumes on them as bag folders."""
