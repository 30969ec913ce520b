"""The arithmetic of an order: pure, integers only, no framework. Prices exclude GST; amounts are minor units."""
