"""A changer without a robot: a person carries, guided by lights and checked by sensors."""
