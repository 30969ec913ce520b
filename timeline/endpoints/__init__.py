"""Outgoing webhooks: to whom, in which form, how often tried, and what came of each try."""
