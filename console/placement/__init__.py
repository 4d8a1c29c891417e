"""Which appliance writes which copy: as the rules ask, and the last done early. Pure."""
