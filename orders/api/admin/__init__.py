"""What staff call."""
