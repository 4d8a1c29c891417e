"""Files come back from discs: requests, the fetches that serve them, and what was delivered."""
