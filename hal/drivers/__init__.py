"""One folder a device: `codec.py` pure, the driver over a transport, and `PROTOCOL.md`.

A driver states `verified`: "simulator" (our own), "peer" (a program that others wrote), "bench" or
"field" (real hardware).
"""
