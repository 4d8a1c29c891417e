"""Sixteen digital lines on an I2C bus: Microchip MCP23017."""
