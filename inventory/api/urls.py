"""The addresses of the app; included at the root."""

from __future__ import annotations

from django.urls import path

from inventory.api import goods_admin, outside
from inventory.api.admin import AdjustmentsView, InventoryView
from inventory.api.storefront import AvailabilityView, ProductsView

urlpatterns = [
    path("storefront/products", ProductsView.as_view()),
    path("storefront/availability", AvailabilityView.as_view()),
    path("admin/warehouses/conflicts", outside.ConflictsView.as_view()),
    path("admin/warehouses/conflicts/<str:conflict_id>/resolve", outside.ConflictResolveView.as_view()),
    path("admin/warehouses/<str:code>/counts", outside.OutsideCountsView.as_view()),
    path("admin/warehouses/<str:code>/dispatches", outside.OutsideDispatchesView.as_view()),
    path("admin/inventory", InventoryView.as_view()),
    path("admin/inventory/adjustments", AdjustmentsView.as_view()),
    path("admin/inventory/receipts", goods_admin.ReceiptsView.as_view()),
    path("admin/inventory/damages", goods_admin.DamagesView.as_view()),
    path("admin/inventory/transfers", goods_admin.TransfersView.as_view()),
    path("admin/inventory/transfers/<str:transfer_id>/receive", goods_admin.TransferReceiveView.as_view()),
    path("admin/inventory/transfers/<str:transfer_id>/call-back", goods_admin.TransferCallBackView.as_view()),
    path("admin/inventory/counts", goods_admin.CountsView.as_view()),
    path("admin/inventory/counts/<str:count_id>/confirm", goods_admin.CountConfirmView.as_view()),
    path("admin/inventory/counts/<str:count_id>/discard", goods_admin.CountDiscardView.as_view()),
    path("admin/inventory/backorders", goods_admin.BackordersView.as_view()),
    path("admin/inventory/backorders/<str:backorder_id>/fill", goods_admin.BackorderFillView.as_view()),
    path("admin/inventory/<str:sku>", goods_admin.PolicyView.as_view()),
    path("admin/inventory/<str:sku>/ledger", goods_admin.LedgerView.as_view()),
    path("admin/inventory/<str:sku>/levels/<str:warehouse>", goods_admin.WatchView.as_view()),
]
