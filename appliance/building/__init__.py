"""Makes the real drivers for what the configuration and the profile name. Opens nothing yet."""
