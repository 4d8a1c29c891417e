"""The hardware of an appliance as wires: a world, devices without I/O, links, faults.

Written from the devices' own sources. Imports nothing of the product.
"""
