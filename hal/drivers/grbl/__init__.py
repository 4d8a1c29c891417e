"""GRBL 1.1 motion controllers, and grblHAL as far as it speaks the same. See PROTOCOL.md."""
