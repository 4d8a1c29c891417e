"""The web pages. Each package holds one subject: queries on the store, and thin views."""
