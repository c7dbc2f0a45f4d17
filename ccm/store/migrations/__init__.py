"""Alembic scripts, from the first tables to today's."""
