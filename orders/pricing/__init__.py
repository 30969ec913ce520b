"""The arithmetic of an order: pure, integers only, no framework. Amounts are minor units."""
