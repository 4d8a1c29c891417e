"""The catalogue: finding what is archived, and choosing what is to be restored."""
