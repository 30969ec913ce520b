"""How likely an order is fraud: pure arithmetic from signals over rules to a verdict that explains itself (B71, B73)."""
