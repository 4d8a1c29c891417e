"""Planning with the store around it: what may be planned, proposals, and their approval."""
