"""What hangs on the cabinet's digital lines: contacts, locks, fans, hazard inputs."""
