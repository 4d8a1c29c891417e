"""The air, smoke, water and electric power of one appliance: limits, alarms, history."""
