"""The SQLite journal and everything that lives in the same file."""
