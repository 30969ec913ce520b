"""A window on money: nothing can be changed here."""

# ruff: noqa: ARG002 the arguments of the hooks are Django's

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import admin

from payments.models import BankLine, Notice, Payment, Refund, Remittance, Settlement, SettlementLine

if TYPE_CHECKING:
    from django.http import HttpRequest

    ModelAdmin = admin.ModelAdmin[Any]
else:
    ModelAdmin = admin.ModelAdmin


class Window(ModelAdmin):
    """Rows to look at: writes go through operations alone."""

    show_full_result_count = False
    list_per_page = 50

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Nobody adds here."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nobody changes here."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nobody deletes here."""
        return False


@admin.register(Payment)
class PaymentWindow(Window):
    """Payments."""

    list_display = ("id", "gateway", "status", "amount_minor", "captured_minor", "refunded_minor", "created_at")
    list_filter = ("status", "gateway")
    search_fields = ("stream", "gateway_order_id", "gateway_payment_id")


@admin.register(Refund)
class RefundWindow(Window):
    """Refunds."""

    list_display = ("id", "payment_id", "status", "amount_minor", "reason_code", "created_at", "processed_at")
    list_filter = ("status",)
    exclude = ("sealed",)


@admin.register(Notice)
class NoticeWindow(Window):
    """Notices, without their sealed bodies."""

    list_display = ("id", "provider", "kind", "event_id", "received_at", "handled_at")
    list_filter = ("kind",)
    exclude = ("sealed", "body_sha256")


@admin.register(Settlement)
class SettlementWindow(Window):
    """Payouts."""

    list_display = ("gateway_settlement_id", "day", "utr", "amount_minor", "fees_minor", "tax_minor")
    search_fields = ("gateway_settlement_id", "utr")


@admin.register(SettlementLine)
class SettlementLineWindow(Window):
    """Lines of payouts."""

    list_display = ("entity_id", "kind", "occurrence", "credit_minor", "debit_minor", "fee_minor", "order_receipt")
    list_filter = ("kind",)
    search_fields = ("entity_id", "order_receipt")


@admin.register(BankLine)
class BankLineWindow(Window):
    """Lines of the bank's statements."""

    list_display = ("day", "utr", "amount_minor", "settlement_id", "remittance_id")
    search_fields = ("utr",)


@admin.register(Remittance)
class RemittanceWindow(Window):
    """Cash that carriers handed over."""

    list_display = ("carrier", "reference", "day", "utr", "amount_minor")
    search_fields = ("reference", "utr")
