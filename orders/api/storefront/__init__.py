"""What customers and guests call."""
