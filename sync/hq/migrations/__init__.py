"""The history of headquarters' tables, as Alembic runs it."""
