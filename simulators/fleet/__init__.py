"""Thousands of appliances at the level of the contract, from one process: a load for the console.

Nothing of a cabinet is played but what it says and hears over MQTT. What is not modelled stands in
docs/simulators.md.
"""
