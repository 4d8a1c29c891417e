"""What hardware a model of appliance has: geometry, slots, drives, media, as TOML."""
