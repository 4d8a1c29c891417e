"""How the archive and its fleet stand: snapshots of the store for commands and screens."""
