"""The addresses of the app; included at the root."""

from __future__ import annotations

from django.urls import path

from inventory.api.admin import AdjustmentsView, InventoryView
from inventory.api.storefront import ProductsView

urlpatterns = [
    path("storefront/products", ProductsView.as_view()),
    path("admin/inventory", InventoryView.as_view()),
    path("admin/inventory/adjustments", AdjustmentsView.as_view()),
]
