"""What is soldered where on the I2C buses of a cabinet."""
