"""The addresses of the orders API, without trailing slashes."""

from __future__ import annotations

from django.urls import path

from orders.api import security  # noqa: F401 registers how callers show who they are
from orders.api.admin import books, disputes, payments, refunds, settlements, shipments
from orders.api.admin import documents as papers
from orders.api.admin import orders as staff
from orders.api.storefront import checkouts, documents, orders, tokens

urlpatterns = [
    path("storefront/anonymous-tokens", tokens.AnonymousTokensView.as_view()),
    path("storefront/checkouts", checkouts.CheckoutsView.as_view()),
    path("storefront/checkouts/<str:checkout_id>", checkouts.OneCheckoutView.as_view()),
    path("storefront/checkouts/<str:checkout_id>/lines", checkouts.CheckoutLinesView.as_view()),
    path("storefront/checkouts/<str:checkout_id>/lines/<str:line_id>", checkouts.CheckoutLineView.as_view()),
    path("storefront/checkouts/<str:checkout_id>/hold", checkouts.CheckoutHoldView.as_view()),
    path("storefront/checkouts/<str:checkout_id>/complete", checkouts.CompleteView.as_view()),
    path("storefront/orders", orders.OrdersView.as_view()),
    path("storefront/orders/<str:order_id>", orders.OrderView.as_view()),
    path("storefront/orders/<str:order_id>/timeline", orders.TimelineView.as_view()),
    path("storefront/orders/<str:order_id>/payment", orders.PaymentView.as_view()),
    path("storefront/orders/<str:order_id>/payment/verify", orders.VerifyView.as_view()),
    path("storefront/orders/<str:order_id>/cancel", orders.CancelView.as_view()),
    path("storefront/orders/<str:order_id>/refund", orders.RefundView.as_view()),
    path("storefront/orders/<str:order_id>/documents", documents.DocumentsView.as_view()),
    path("storefront/orders/<str:order_id>/documents/<str:document_id>", documents.DocumentView.as_view()),
    path("admin/orders", staff.OrdersView.as_view()),
    path("admin/orders/<str:order_id>", staff.OrderView.as_view()),
    path("admin/orders/<str:order_id>/timeline", staff.TimelineView.as_view()),
    path("admin/orders/<str:order_id>/status", staff.StatusView.as_view()),
    path("admin/orders/<str:order_id>/notes", staff.NotesView.as_view()),
    path("admin/orders/<str:order_id>/holds", staff.HoldsView.as_view()),
    path("admin/orders/<str:order_id>/holds/<str:hold_id>", staff.HoldView.as_view()),
    path("admin/orders/<str:order_id>/refund", refunds.RefundView.as_view()),
    path("admin/orders/<str:order_id>/refund/quote", refunds.QuoteView.as_view()),
    path("admin/refunds/<str:refund_id>/retry", refunds.RetryView.as_view()),
    path("admin/refunds/<str:refund_id>/settle-by-other-means", refunds.OtherMeansView.as_view()),
    path("admin/orders/<str:order_id>/refunds/<str:refund_id>/approve", refunds.ApproveView.as_view()),
    path("admin/orders/<str:order_id>/refunds/<str:refund_id>/decline", refunds.DeclineView.as_view()),
    path("admin/orders/<str:order_id>/shipments", shipments.BookView.as_view()),
    path("admin/orders/<str:order_id>/documents", papers.DocumentsView.as_view()),
    path("admin/orders/<str:order_id>/documents/<str:document_id>", papers.DocumentView.as_view()),
    path("admin/orders/<str:order_id>/invoice", papers.InvoiceView.as_view()),
    path("admin/gstr1", papers.Gstr1View.as_view()),
    path("admin/gstr1.csv", papers.Gstr1TableView.as_view()),
    path("admin/orders/<str:order_id>/payments/<str:payment_id>/capture", payments.CaptureView.as_view()),
    path("admin/disputes", disputes.DisputesView.as_view()),
    path("admin/disputes/<str:dispute_id>", disputes.DisputeView.as_view()),
    path("admin/disputes/<str:dispute_id>/contest", disputes.ContestView.as_view()),
    path("admin/disputes/<str:dispute_id>/accept", disputes.ConcedeView.as_view()),
    path("admin/settlements", settlements.SettlementsView.as_view()),
    path("admin/settlements/<str:settlement_id>", settlements.SettlementView.as_view()),
    path("admin/settlements/<str:settlement_id>/lines", settlements.LinesView.as_view()),
    path("admin/bank-lines", settlements.BankLinesView.as_view()),
    path("admin/bank-statements", settlements.BankStatementsView.as_view()),
    path("admin/remittances", settlements.RemittancesView.as_view()),
    path("admin/journal.csv", books.JournalView.as_view()),
    path("admin/journal/balances", books.BalancesView.as_view()),
    path("admin/shipments/<str:shipment_id>", shipments.ShipmentView.as_view()),
    path("admin/shipments/<str:shipment_id>/label", shipments.LabelView.as_view()),
    path("admin/shipments/<str:shipment_id>/dispatch", shipments.DispatchView.as_view()),
    path("admin/shipments/<str:shipment_id>/deliver", shipments.DeliverView.as_view()),
    path("admin/shipments/<str:shipment_id>/return", shipments.ReturnView.as_view()),
]
