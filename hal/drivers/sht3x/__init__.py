"""Temperature and humidity: Sensirion SHT3x."""
