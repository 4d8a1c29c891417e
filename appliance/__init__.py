"""The firmware of an appliance, and the two packages that it shares with the console.

`contract` and `volume` stand alone; everything else here is the firmware's own.
"""
