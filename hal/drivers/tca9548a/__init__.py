"""Eight I2C buses behind one: Texas Instruments TCA9548A."""
