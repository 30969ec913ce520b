"""A shop of very many orders, made in minutes (`manage.py seed`, docs/seeding.md)."""
