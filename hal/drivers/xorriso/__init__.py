"""Optical drives through the program xorriso. See PROTOCOL.md."""
