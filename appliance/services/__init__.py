"""What the jobs work with: media, slots and drives, the robot's moves, catalogue, events, alarms.

All of it shares one database with the journal, so that a step and its effects are one transaction.
"""
