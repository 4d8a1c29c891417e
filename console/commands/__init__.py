"""The commands of `stele-console`: each parses, calls a service, and shows what it gave."""
