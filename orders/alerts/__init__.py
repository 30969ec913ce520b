"""Who looks after the shop hears of what breaks: rules, incidents, mail and webhook (B93)."""
