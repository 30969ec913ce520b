"""Catalogue and stock: what can be sold, where it is, how much is left."""
