"""Smoke, water and failing mains: everything comes to rest, and goes on only when it may."""
