"""What an appliance says to the world, and what it hears: messages, topics, error codes.

Pure data. Nothing here does I/O, and nothing here imports another part of the project, so the
console, the firmware and a simulated fleet share one definition of every word on the wire.
"""
