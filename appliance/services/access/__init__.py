"""Who may open which door, when, and what stops meanwhile."""
