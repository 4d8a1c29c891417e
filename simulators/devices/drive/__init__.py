"""An optical drive with a motor tray, as behaviour: no I/O but through the world.

Not modelled: zoned speeds (writing is at one constant speed), speed steps of a real
drive, defect management, reading errors that a retry heals, a tray that meets the arm
half way (it refuses to close instead), ageing of the laser.
"""
