"""The wires: a pty for the controller, the burner command, in-memory links for tests."""
