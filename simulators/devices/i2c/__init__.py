"""What all chips on an I2C bus have in common, and the bus itself."""
