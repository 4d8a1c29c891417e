"""Magazines: exchangeable holders of slots, each known by its tag."""
