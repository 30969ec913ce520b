"""Stock in the framework's own admin: to look at, never to change; changes go through the operations."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import admin

from inventory.models import Hold, Level, Movement, Product, Variant, Warehouse

if TYPE_CHECKING:
    from django.http import HttpRequest


class ReadOnlyAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    """A table to read."""

    list_per_page = 50
    show_full_result_count = False

    def has_add_permission(self, request: HttpRequest) -> bool:  # noqa: ARG002
        """Nothing is added here."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:  # noqa: ARG002
        """Nothing is changed here."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:  # noqa: ARG002
        """Nothing is deleted here."""
        return False


@admin.register(Product)
class ProductAdmin(ReadOnlyAdmin):
    """Products."""

    list_display = ["name", "is_active", "created_at"]
    search_fields = ["name"]


@admin.register(Variant)
class VariantAdmin(ReadOnlyAdmin):
    """Variants with their prices."""

    list_display = ["sku", "product", "name", "price_minor", "currency", "gst_rate_bp", "hsn", "is_active"]
    list_select_related = ["product"]
    search_fields = ["sku", "name", "product__name"]


@admin.register(Warehouse)
class WarehouseAdmin(ReadOnlyAdmin):
    """Places."""

    list_display = ["code", "name", "state", "priority", "is_active"]


@admin.register(Level)
class LevelAdmin(ReadOnlyAdmin):
    """What lies where."""

    list_display = ["variant", "warehouse", "on_hand", "held", "damaged", "available"]
    list_select_related = ["variant", "warehouse"]
    search_fields = ["variant__sku", "warehouse__code"]


@admin.register(Hold)
class HoldAdmin(ReadOnlyAdmin):
    """Who was promised what."""

    list_display = ["variant", "warehouse", "status", "quantity", "taken", "stream", "expires_at"]
    list_select_related = ["variant", "warehouse"]
    list_filter = ["status"]
    search_fields = ["variant__sku", "stream"]


@admin.register(Movement)
class MovementAdmin(ReadOnlyAdmin):
    """The ledger."""

    list_display = ["at", "kind", "variant", "warehouse", "on_hand_delta", "held_delta", "damaged_delta", "reason", "stream"]
    list_select_related = ["variant", "warehouse"]
    list_filter = ["kind"]
    search_fields = ["variant__sku", "stream"]
