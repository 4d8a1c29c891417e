"""Speaking to a console over its REST API, wherever it is: afar, on this machine, or in here."""
