"""Readers of the tags in magazines."""
