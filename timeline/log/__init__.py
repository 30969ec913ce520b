"""The sealed log: one Merkle tree over all events, its tiles, its signed checkpoints, and what they prove."""
