"""Between store and fleet: placement, commands, events applied once, alarms, releases."""
