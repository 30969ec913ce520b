"""The one-command local shop: keys, demo store, processes, self-check."""
