"""What hardware can do, and how to talk to it. Knows no archive, no MQTT and no simulator.

``interfaces`` say what a device can do, ``transports`` carry bytes and lines, ``drivers`` turn the
one into the other.
"""
