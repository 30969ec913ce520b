"""SQLite as one fair writer queue."""
