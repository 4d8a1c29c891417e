"""A presence sensor and a light in each slot, eight slots an expander."""
