"""The page where a customer pays: for people as a form that needs no script, for programs as JSON."""

from __future__ import annotations

import html
from http import HTTPStatus
from typing import Any
from urllib.parse import urlencode

from payments.sandbox import bank
from payments.sandbox.entities import Entity
from payments.sandbox.problems import Problem
from payments.sandbox.store import Store
from payments.sandbox.wire import Reply, Request, reply

CALLBACK_CHARS_MAX = 2000
# The page loads nothing but its own style sheet and sends its form nowhere else.
SAFETY = (
    ("Content-Security-Policy", "default-src 'none'; style-src 'self'; form-action 'self'; frame-ancestors 'none'"),
    ("Cache-Control", "no-store"),
    ("X-Content-Type-Options", "nosniff"),
)
STYLE = b"""body{font:16px/1.5 system-ui,sans-serif;margin:0;background:#f4f5f7;color:#1c2330}
main{max-width:26rem;margin:3rem auto;background:#fff;border:1px solid #d8dce3;border-radius:.5rem;padding:1.5rem 2rem}
h1{font-size:1.1rem;margin:0}.amount{font-size:2rem;margin:.25rem 0 1rem}.small{color:#5a6475;font-size:.875rem}
button{display:block;width:100%;margin:.5rem 0;padding:.7rem;font:inherit;border:1px solid #8b94a5;border-radius:.35rem;
background:#fff;cursor:pointer}button.main{background:#1d4fd7;border-color:#1d4fd7;color:#fff}
button:focus-visible{outline:3px solid #f5a623;outline-offset:2px}
"""
CHOICES = (
    ("captured:upi", "main", "Pay by UPI"),
    ("captured:card", "", "Pay by card"),
    ("failed:card", "", "Card that is declined"),
    ("authorized:card", "", "Authorise only, capture later"),
)


def show(store: Store, *, order_id: str, request: Request) -> Reply:
    """The page of an order, with ``callback_url`` kept for the way back."""
    with store.transaction() as ledger:
        order = ledger.get("order", order_id)
    if order is None:
        return _page("No such order", "<p>There is no such order to pay.</p>", HTTPStatus.NOT_FOUND)
    callback = request.argument("callback_url")
    if order["status"] == "paid":
        return _paid_already(callback)
    return _page("Pay", _form(order, callback))


def pay(store: Store, *, account_id: str, key_secret: str, order_id: str, request: Request) -> Reply:
    """Do as the customer wished: JSON in, JSON out; a form in, a page or the way back out."""
    form = request.form() if request.is_form else None
    if form is not None:
        outcome, _, method = form.get("choice", "").partition(":")
    else:
        wish = request.document()
        outcome, method = wish.get("outcome", "captured"), wish.get("method", "upi")
    try:
        with store.transaction() as ledger:
            payment = bank.pay(ledger, account_id, order_id=order_id, outcome=outcome, method=method)
    except Problem as problem:
        if form is not None and problem.status == HTTPStatus.CONFLICT:
            return _paid_already(form.get("callback_url"))
        raise
    failed = payment["status"] == "failed"
    signature = None if failed else bank.checkout_signature(order_id, payment["id"], key_secret)
    if form is None:
        return reply({"razorpayPaymentId": payment["id"], "razorpayOrderId": order_id, "razorpaySignature": signature})
    return _way_back(payment, signature, form.get("callback_url"))


def safe_path(found: str | None) -> str | None:
    """The way back if it is a path of this very site; None for anything that could lead elsewhere."""
    if not found or len(found) > CALLBACK_CHARS_MAX or not found.startswith("/") or found.startswith("//"):
        return None
    if "\\" in found or not all(" " < sign <= "~" for sign in found):
        return None
    return found.partition("#")[0]


def rupees(amount_minor: int) -> str:
    """Paise as a person in India reads them: ₹1,23,456.00."""
    whole, paise = divmod(amount_minor, 100)
    text = str(whole)
    head, tail = text[:-3], text[-3:]
    groups = [head[max(0, end - 2) : end] for end in range(len(head), 0, -2)][::-1]
    return f"₹{','.join([*groups, tail])}.{paise:02d}"


def style() -> Reply:
    """The style sheet of the page."""
    return Reply(HTTPStatus.OK, STYLE, "text/css; charset=utf-8", (("Cache-Control", "max-age=3600"),))


def _way_back(payment: Entity, signature: str | None, callback: str | None) -> Reply:
    path = safe_path(callback)
    if path is None:
        words = {"failed": "The payment was declined.", "authorized": "The payment is authorised, not yet captured."}
        said = words.get(payment["status"], "The payment went through.")
        return _page("Thank you", f"<p>{said}</p><p class='small'>{html.escape(payment['id'])}</p>")
    told: dict[str, Any] = {"razorpay_payment_id": payment["id"], "razorpay_order_id": payment["order_id"]}
    if signature is None:
        told["error_code"] = payment["error_code"]
    else:
        told["razorpay_signature"] = signature
    target = f"{path}{'&' if '?' in path else '?'}{urlencode(told)}"
    return Reply(HTTPStatus.SEE_OTHER, b"", "text/plain; charset=utf-8", (*SAFETY, ("Location", target)))


def _paid_already(callback: str | None) -> Reply:
    path = safe_path(callback)
    link = f'<p><a href="{html.escape(path)}">Back to the shop</a></p>' if path else ""
    return _page("Already paid", f"<p>This order is already paid. Nothing was charged.</p>{link}", HTTPStatus.CONFLICT)


def _form(order: Entity, callback: str | None) -> str:
    path = safe_path(callback)
    kept = f'<input type="hidden" name="callback_url" value="{html.escape(path)}">' if path else ""
    buttons = "".join(
        f'<button class="{rank}" name="choice" value="{value}">{label}</button>' for value, rank, label in CHOICES
    )
    receipt = html.escape(order["receipt"] or order["id"])
    return (
        f'<p class="amount">{rupees(order["amount"])}</p><p class="small">For {receipt}</p>'
        f'<form method="post" action="/sandbox/razorpay/pay/{html.escape(order["id"])}">{kept}{buttons}</form>'
        '<p class="small">This is the sandbox: no money moves, whatever you choose.</p>'
    )


def _page(title: str, body: str, status: int = HTTPStatus.OK) -> Reply:
    document = (
        '<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
        f'<title>{title}</title><link rel="stylesheet" href="/sandbox/razorpay/pay.css"></head>'
        f"<body><main><h1>{title}</h1>{body}</main></body></html>"
    )
    return Reply(int(status), document.encode(), "text/html; charset=utf-8", SAFETY)
