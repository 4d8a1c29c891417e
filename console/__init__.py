"""The console: one archive's planning, search and retrieval over a fleet of appliances.

It knows an appliance by `appliance.contract` and its discs by `appliance.volume`, and nothing else.
"""
