"""The cabinet's own door: a unix socket for its touchscreen and its command line."""
