"""Bytes, lines and blocks, without knowing what they mean: serial port, command line, block device.

`interfaces` says what each kind is; the other modules are the real ones of a Linux machine.
"""
