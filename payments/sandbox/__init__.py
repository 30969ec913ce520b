"""A stand-alone server that speaks Razorpay's documented protocol, for a shop without keys and for tests.

It is a process of its own with a database file of its own and imports nothing of the shop.
"""
