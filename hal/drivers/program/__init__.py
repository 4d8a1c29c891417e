"""Short runs of an ordinary program: its lines and exit code, or a numbered failure."""
