"""The turntable robot of a rack library, over a GRBL controller. See PROTOCOL.md."""
