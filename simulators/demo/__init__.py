"""The whole product on one machine, from one command: broker, console, firmware, simulated cabinet.

Everything runs through the commands that a person would type; nothing of the product is imported.
"""
