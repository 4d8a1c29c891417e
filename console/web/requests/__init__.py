"""Files on their way back from the discs."""
