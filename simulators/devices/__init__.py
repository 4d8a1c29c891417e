"""How devices behave: `update(now, inputs) -> outputs`, without I/O and without a clock."""
