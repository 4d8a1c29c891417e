"""Files come in: found, hashed on their way into the landing zone, grouped into packages."""
