"""Electric power: which disks have it, and what happens when the mains fail."""
