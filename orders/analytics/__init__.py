"""What the shop comes to: counts kept as events are told, and the questions they answer."""
