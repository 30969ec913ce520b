"""The tables of the app, in one place for the framework; `catalogue` and `stock` hold them."""

from inventory.catalogue import Product, Variant
from inventory.stock import Hold, Level, Movement, Warehouse

__all__ = ["Hold", "Level", "Movement", "Product", "Variant", "Warehouse"]
