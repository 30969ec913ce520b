"""The addresses of the pages."""

from __future__ import annotations

from django.urls import path
from django.views.generic import RedirectView

from orders.pages import account, console, console_steps, disputes, documents, mailbox, pay, shop, signing_in

_CONSOLE_ORDER = "console/orders/<str:number>/"

urlpatterns = [
    path("", shop.products, name="shop"),
    path("cart/", shop.cart, name="cart"),
    path("cart/add/", shop.add, name="cart-add"),
    path("cart/lines/<uuid:line_id>/", shop.change_line, name="cart-line"),
    path("checkout/<uuid:checkout_id>/", shop.checkout, name="checkout"),
    path("checkout/<uuid:checkout_id>/place/", shop.place, name="checkout-place"),
    path("pay/<str:number>/", pay.pay, name="pay"),
    path("pay/<str:number>/again/", pay.again, name="pay-again"),
    path("pay/<str:number>/back/", pay.back, name="pay-back"),
    path("account/", account.home, name="account"),
    path("account/login/", signing_in.sign_in, name="sign-in"),
    path("account/login/code/", signing_in.code, name="sign-in-code"),
    path("account/logout/", signing_in.sign_out, name="sign-out"),
    path("account/orders/", account.orders, name="account-orders"),
    path("account/orders/<str:number>/", account.order, name="account-order"),
    path("account/orders/<str:number>/cancel/", account.cancel, name="account-cancel"),
    path("account/orders/<str:number>/refund/", account.refund, name="account-refund"),
    path("account/orders/<str:number>/documents/<str:document_id>/", documents.own_document, name="account-document"),
    path("console/", RedirectView.as_view(pattern_name="console-orders"), name="console"),
    path("console/login/", console.Login.as_view(), name="console-login"),
    path("console/logout/", console.Logout.as_view(), name="console-logout"),
    path("console/orders/", console.order_list, name="console-orders"),
    path("console/bulk/", console.bulk, name="console-bulk"),
    path(_CONSOLE_ORDER, console.order_page, name="console-order"),
    path(f"{_CONSOLE_ORDER}pulse/", console.pulse, name="console-pulse"),
    path(f"{_CONSOLE_ORDER}notes/", console.add_note, name="console-note"),
    path(f"{_CONSOLE_ORDER}confirm/", console_steps.confirm, name="console-confirm"),
    path(f"{_CONSOLE_ORDER}process/", console_steps.start, name="console-process"),
    path(f"{_CONSOLE_ORDER}ship/", console_steps.ship, name="console-ship"),
    path(f"{_CONSOLE_ORDER}refund/", console_steps.give_refund, name="console-refund"),
    path(f"{_CONSOLE_ORDER}cancel/", console_steps.cancel, name="console-cancel"),
    path(f"{_CONSOLE_ORDER}hold/", console_steps.hold, name="console-hold"),
    path(f"{_CONSOLE_ORDER}holds/<uuid:hold_id>/release/", console_steps.release, name="console-release"),
    path(f"{_CONSOLE_ORDER}refunds/<uuid:refund_id>/approve/", console_steps.approve_refund, name="console-approve"),
    path(f"{_CONSOLE_ORDER}refunds/<uuid:refund_id>/decline/", console_steps.decline_refund, name="console-decline"),
    path(f"{_CONSOLE_ORDER}invoice/", documents.issue_invoice, name="console-invoice"),
    path(f"{_CONSOLE_ORDER}documents/<str:document_id>/", documents.console_document, name="console-document"),
    path("console/shipments/<uuid:shipment_id>/dispatch/", console_steps.dispatch, name="console-dispatch"),
    path("console/shipments/<uuid:shipment_id>/deliver/", console_steps.deliver, name="console-deliver"),
    path("console/shipments/<uuid:shipment_id>/take-back/", console_steps.take_back, name="console-take-back"),
    path("console/disputes/", disputes.dispute_list, name="console-disputes"),
    path("console/disputes/<uuid:dispute_id>/", disputes.dispute_page, name="console-dispute"),
    path("console/disputes/<uuid:dispute_id>/contest/", disputes.contest, name="console-dispute-contest"),
    path("console/disputes/<uuid:dispute_id>/accept/", disputes.concede, name="console-dispute-accept"),
    path("mailbox/", mailbox.mailbox, name="mailbox"),
    path("theme/", mailbox.theme, name="theme"),
]
