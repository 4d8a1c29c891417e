"""Alembic's environment and one small module a revision."""
