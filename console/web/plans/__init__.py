"""Archive plans: look, approve, reject."""
