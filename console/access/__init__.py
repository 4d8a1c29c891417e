"""Who may do what: scoped tokens, the data folder's own token, and how they are let in."""
