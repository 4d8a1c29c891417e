"""The command `stele-volume`: all that reads and writes files, discs and folders for a volume."""
