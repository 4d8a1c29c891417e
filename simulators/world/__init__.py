"""The one truth of a cabinet: slots, discs, trays and gripper, kept on disk over every crash."""
