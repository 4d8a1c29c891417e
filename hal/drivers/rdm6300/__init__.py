"""Tag reader for 125 kHz: RDM6300."""
