"""The cabinets as they stand: slots, drives, robot, discs."""
