"""Electric power: Texas Instruments INA226."""
