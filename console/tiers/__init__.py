"""How warm packages are kept: fast, long-term, offline; and what moves them between these."""
