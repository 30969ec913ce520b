"""The REST API of orders: storefront and staff."""
