"""A person at a simulated cabinet."""
