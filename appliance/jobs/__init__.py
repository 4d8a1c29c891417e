"""Jobs: one verb a module, and the engine that sees them through every failure and power cut.

A job is a walk through `steps`. The journal holds each step's intent before it is acted on and its
result after; `recovery` is the pure policy that says what follows a failure.
"""
