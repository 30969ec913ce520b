"""The shop, the customer's pages and the staff console, as HTML that works without scripts."""
