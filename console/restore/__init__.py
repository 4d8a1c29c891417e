"""Restoring: from the landing zone or through a request, safely into a folder."""
