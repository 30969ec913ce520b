"""A person's data: handed over, erased, and let go of in time."""
