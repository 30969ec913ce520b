"""Which event tells the customer what, and staff."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.utils.dateparse import parse_datetime
from django.utils.timezone import localtime

from orders import helping, tracking
from shipping.models import Shipment
from timeline.vocabulary import money

if TYPE_CHECKING:
    from collections.abc import Mapping

    from orders.models import Order
    from timeline.models import Event


@dataclass(frozen=True, slots=True)
class Text:
    """One message, ready to go."""

    template: str
    medium: str
    to: str
    subject: str
    body: str


# Event kind -> template, media, subject, text. SMS texts are registered templates, so they are short and fixed.
TEMPLATES: dict[str, tuple[str, tuple[str, ...], str, str]] = {
    "order.placed": (
        "order_placed", ("email",), "We have your order {number}",
        "Thank you. Your order {number} of {total} is with us.\n\n{waits}\n\n{link}",
    ),
    "order.confirmed": (
        "order_confirmed", ("email",), "Your order {number} is confirmed",
        "Your order {number} is confirmed and will be packed soon.\n\n{link}",
    ),
    "order.shipped": (
        "order_shipped", ("email", "sms"), "Your order {number} is on its way",
        "Your order {number} is on its way with {carrier}, number {tracking_number}.\n\n{link}",
    ),
    "order.delivered": (
        "order_delivered", ("email", "sms"), "Your order {number} has arrived",
        "Your order {number} was delivered. We hope you like it.\n\n{link}",
    ),
    "order.cancelled": (
        "order_cancelled", ("email",), "Your order {number} is cancelled",
        "Your order {number} is cancelled. What you paid goes back to where it came from.\n\n{link}",
    ),
    "order.edited": (
        "order_edited", ("email",), "Your order {number} was changed",
        "Your order {number} was changed. It now comes to {total}. {rest}\n\n{link}",
    ),
    "payment.failed": (
        "payment_failed", ("email",), "The payment of your order {number} failed",
        "The payment of {total} for your order {number} did not go through. You can try again.\n\n{link}",
    ),
    "note.added": (
        "note_added", ("email",), "A note on your order {number}",
        "We have written a note on your order {number}. You can read it with the order.\n\n{link}",
    ),
    "ticket.opened": (
        "ticket_opened", ("email",), "A message about your order {number}",
        "We have written to you about your order {number}. Read it and answer here, without signing in: {help}",
    ),
    "ticket.answered": (
        "ticket_answered", ("email",), "We have answered your question about {number}",
        "We have answered your question about your order {number}. Read it and write back here, without signing in: {help}",
    ),
    "return.approved": (
        "return_approved", ("email",), "Your return {rma} is approved",
        "Your return {rma} of order {number} is approved. Send the goods by {send_by}, or wait for the pickup.\n\n{return_link}",
    ),
    "return.declined": (
        "return_declined", ("email",), "About your return {rma}",
        "We cannot take back what you asked for in return {rma} of order {number}. Why is said with the return.\n\n{return_link}",
    ),
    "return.pickup_booked": (
        "return_pickup", ("email",), "Pickup for your return {rma}",
        "A parcel for your return {rma} of order {number} is booked with {carrier}; its label is with the return.\n\n{return_link}",
    ),
    "return.received": (
        "return_received", ("email",), "Your return {rma} has arrived",
        "What you sent back in return {rma} of order {number} is with us and is being looked at.\n\n{return_link}",
    ),
    "return.exchanged": (
        "return_exchanged", ("email",), "Your exchange for {rma}",
        "For your return {rma} of order {number} we have placed order {exchange_number}. {due}\n\n{exchange_link}",
    ),
    "return.sent_back": (
        "return_sent_back", ("email",), "Goods of return {rma} go back to you",
        "Not all of what you sent in return {rma} of order {number} could stay with us; it is on its way back.\n\n{return_link}",
    ),
    "refund.asked": (
        "refund_started", ("email",), "Your refund for {number} is on its way",
        "We have started a refund of {amount} for your order {number}. Banks take 5 to 7 working days.\n\n{link}",
    ),
    "refund.declined": (
        "refund_declined", ("email",), "About the refund you asked for, {number}",
        "We cannot give back the {amount} you asked for on your order {number}. Why is said with the order.\n\n{link}",
    ),
    "refund.processed": (
        "refund_done", ("email",), "Your refund for {number} is done",
        "Your refund of {amount} for your order {number} has been paid out.\n\n{link}",
    ),
}
# Event kind -> template, subject, text of what the shop writes to itself. Its words are the event's facts.
TO_STAFF: dict[str, tuple[str, str, str]] = {
    "stock.ran_low": (
        "stock_low", "Low stock: {sku} at {warehouse}",
        "Only {available} of {sku} are left to sell at {warehouse}; you asked to hear of it at {reorder_at}.\n\n{link}",
    ),
}
# What an e-mail says beyond the registered text, when there is such a thing.
_EMAIL_MORE = {
    "order.placed": "\n\nAsk us about it without signing in: {help}",
    "order.shipped": "\n\nFollow the parcel without signing in: {track}",
}
_SMS_CHARS_MAX = 160


def texts(event: Event, order: Order) -> list[Text]:
    """The messages this event sends; none for a medium the customer gave no address of, none where a channel writes."""
    found = TEMPLATES.get(event.kind)
    if found is None or order.channel_order_id or any(is_silent(event) for is_silent in _SILENT):
        return []
    template, media, subject, body = found
    profile = order.person.profile()
    words = _words(event, order)
    to = {"email": str(profile.get("email") or ""), "sms": str(profile.get("phone") or "")}
    more = {"email": _EMAIL_MORE.get(event.kind, "") if words["track"] or event.kind != "order.shipped" else ""}
    return [
        Text(template, medium, to[medium], subject.format_map(words), _fit(medium, (body + more.get(medium, "")).format_map(words)))
        for medium in media
        if to[medium]
    ]


def staff_text(event: Event) -> Text | None:
    """What the shop writes to itself about this event; None when it has no address for it."""
    if not settings.STAFF_EMAIL:
        return None
    template, subject, body = TO_STAFF[event.kind]
    words = {**event.facts, "link": f"{settings.PUBLIC_URL}/console/stock/{event.facts['sku']}/"}
    return Text(template, "email", settings.STAFF_EMAIL, subject.format_map(words), body.format_map(words))


def _is_between_staff(event: Event) -> bool:
    """A refund that staff asked for and other staff declined is no news to the customer."""
    return event.kind == "refund.declined" and event.facts.get("requested_by_type") not in ("customer", "guest")


def _is_for_staff(event: Event) -> bool:
    """A note that the customer may not read."""
    return event.kind == "note.added" and not event.public


def _is_own_question(event: Event) -> bool:
    """Who asked knows it."""
    return event.kind == "ticket.opened" and event.actor_type in ("customer", "guest")


def _is_of_exchange(event: Event) -> bool:
    """Credit that moves between two orders is told by the orders themselves."""
    return "exchange" in (event.facts.get("reason_code"), event.facts.get("gateway")) or event.facts.get("code") == "exchange_given_up"


# Events of a kind that tells the customer something, which this time is no news to them.
_SILENT = (_is_between_staff, _is_of_exchange, _is_own_question, _is_for_staff)


def _words(event: Event, order: Order) -> dict[str, Any]:
    facts = event.facts
    return {
        "number": order.number,
        "total": money(order.total_minor, order.currency),
        "amount": money(int(facts.get("amount_minor", 0)), order.currency),
        "carrier": str(facts.get("carrier", "")).replace("_", " "),
        "tracking_number": facts.get("tracking_number", ""),
        "waits": "It is confirmed as soon as your payment is in." if order.payment_method != "cod" else "You pay at the door.",
        "rest": _rest(order, int(facts.get("balance_minor", 0))),
        "track": _track(event),
        "help": helping.link_of(order.pk),
        "link": f"{settings.PUBLIC_URL}/account/orders/{order.number}/",
        **_return_words(facts, order),
    }


def _return_words(facts: Mapping[str, Any], order: Order) -> dict[str, Any]:
    """What messages about a return say."""
    rma, exchanged = str(facts.get("number", "")), str(facts.get("exchange_number", ""))
    account = f"{settings.PUBLIC_URL}/account/orders"
    send_by, due = parse_datetime(str(facts.get("send_by", ""))), int(facts.get("due_minor", 0))
    return {
        "rma": rma,
        "send_by": f"{localtime(send_by):%d %b %Y}" if send_by else "",
        "exchange_number": exchanged,
        "due": f"Pay the difference of {money(due, order.currency)} to have it sent." if due else "It is packed soon.",
        "return_link": f"{account}/{order.number}/returns/{rma}/",
        "exchange_link": f"{account}/{exchanged}/",
    }


def _rest(order: Order, balance_minor: int) -> str:
    """What a change means for the customer's money."""
    if balance_minor < 0:
        return f"{money(-balance_minor, order.currency)} that you paid too much goes back to where it came from."
    if balance_minor > 0 and order.payment_method == "cod":
        return "You pay at the door."
    return f"{money(balance_minor, order.currency)} is to be paid." if balance_minor else "Nothing is to be paid and nothing goes back."


def _track(event: Event) -> str:
    """The page of the parcel the event is about; empty when it is about none."""
    if event.kind != "order.shipped":
        return ""
    number = event.facts.get("tracking_number") or ""
    wanted = Shipment.objects.filter(stream=event.stream, tracking_number=number, direction=Shipment.Direction.FORWARD)
    pk = wanted.order_by("-created_at").values_list("pk", flat=True).first() if number else None
    return tracking.link_of(pk) if pk is not None else ""


def _fit(medium: str, text: str) -> str:
    if medium != "sms":
        return text
    flat = " ".join(text.split())
    return flat if len(flat) <= _SMS_CHARS_MAX else flat[: _SMS_CHARS_MAX - 1] + "…"
