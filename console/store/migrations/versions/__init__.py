"""One module a step of the schema, the oldest first."""
