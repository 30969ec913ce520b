"""Everything we keep about one person, as one file they can take with them (GDPR art. 15 and 20, DPDP Act s. 11)."""

from __future__ import annotations

import base64
import io
import zipfile
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import orjson
from django.conf import settings
from django.core import signing
from django.db import models
from django.db.models import Q

from orders.models import (
    Address,
    ArchivePart,
    Checkout,
    CheckoutLine,
    DataRequest,
    Document,
    Line,
    Message,
    Order,
    OrderPayment,
    Return,
    ReturnPhoto,
)
from orders.models.person import of as people_of
from orders.operations import keeping, people, privacy
from payments.models import Refund
from payments.queries import reason_of
from shipping.models import Shipment
from timeline import vault
from timeline.errors import Missing
from timeline.models import Event, Target
from timeline.operations import operation
from timeline.vocabulary import sentence

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import datetime

    from orders.models import Person
    from timeline.actors import Actor

ORDERS_MAX = 10_000
EVENTS_AT_ONCE = 500
_SALT = "orders.privacy.archives"
_HIDDEN = ("sealed", "pricing_snapshot", "discount_snapshot", "key_id", "person_id", "sha256")

README = """This is what {shop} keeps about you, as of {at}.

profile.json      your name, e-mail address and phone number
addresses.json    every address you gave
carts.json        carts and checkouts, with what you chose
orders/           one file for each order: what you bought, what you paid, what went back, where it was sent, its invoices
messages.json     every message we wrote to you
returns/          what you sent back, with the photos you sent
events.json       what happened and when: to your account, your carts and your orders, and what other programs told us of you
requests.json     what you asked about your data before

Amounts are in minor units (paise) of the currency beside them, times in UTC.
"""


def build(request: DataRequest, *, actor: Actor) -> DataRequest:
    """Put the archive together and keep it, sealed, until its time is over. Raises NotOpen, PersonErased."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in _entries(request):
            info = zipfile.ZipInfo(name, date_time=request.asked_at.timetuple()[:6])
            info.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(info, data)
    file.seek(0)
    lasts = timedelta(days=settings.ARCHIVE_DAYS)
    with operation("privacy.hand_over", actor=actor, stream=str(request.person_id)) as op:
        return privacy.hand_over(op, request_id=request.pk, parts=_pieces(file), lasts=lasts)


def read(request: DataRequest) -> Iterator[bytes]:
    """The archive, piece by piece; nothing once the person is erased."""
    key = request.person.key
    for part in ArchivePart.objects.filter(request=request).order_by("number").iterator(chunk_size=4):
        yield vault.unseal_bytes(key, part.context, bytes(part.sealed)) or b""


def token_of(request: DataRequest) -> str:
    """What stands in the link: it names this archive until it expires, and is worth nothing to somebody else."""
    until = int(request.expires_at.timestamp()) if request.expires_at is not None else 0
    return signing.dumps([request.pk.hex, until], salt=_SALT)


def require_token(request: DataRequest, token: str, *, now: datetime) -> None:
    """That the link is this archive's and still lives. Raises Missing for another's, NotReady for one whose time is over."""
    try:
        pk, until = signing.loads(token, salt=_SALT)
    except (signing.BadSignature, ValueError, TypeError) as error:
        raise Missing from error
    if pk != request.pk.hex:
        raise Missing
    if until <= now.timestamp():
        raise privacy.NotReady


def _entries(request: DataRequest) -> Iterator[tuple[str, bytes]]:
    person = request.person
    mine = people_of(person.pk)
    at = f"{request.asked_at:%Y-%m-%d %H:%M} UTC"
    yield "README.txt", README.format(shop=settings.SHOP_NAME, at=at).encode()
    yield "profile.json", _json({"id": person.pk, "kind": person.kind, "since": person.created_at, **person.profile()})
    addresses = Address.objects.filter(person__in=mine).select_related("person__key").order_by("created_at", "id")
    yield "addresses.json", _json([{"at": row.created_at, **people.read_address(row, row.person)} for row in addresses])
    yield "carts.json", _json([_cart(row) for row in Checkout.objects.filter(person__in=mine).order_by("created_at", "id")])
    for order in Order.objects.filter(person__in=mine).select_related("person__key").order_by("created_at", "id")[:ORDERS_MAX]:
        yield f"orders/{order.number}.json", _json(_order(order, order.person))
    messages = Message.objects.filter(person__in=mine).select_related("order", "person__key").order_by("created_at", "id")
    yield "messages.json", _json([_message(row) for row in messages])
    for ret in Return.objects.filter(order__person__in=mine).select_related("order__person__key").order_by("created_at", "id"):
        yield f"returns/{ret.number}.json", _json(_return(ret, ret.order.person))
        for photo in ReturnPhoto.objects.filter(ret=ret).order_by("place"):
            data = vault.unseal(ret.order.person.key, ReturnPhoto.context(photo.pk), bytes(photo.sealed)) if photo.sealed else None
            if data:
                yield f"returns/{ret.number}-{photo.place}.{photo.media.rpartition('/')[2]}", base64.b64decode(data["picture"])
    yield "events.json", _json(list(_events(person)))
    others = DataRequest.objects.filter(person=person).order_by("asked_at", "id")
    yield "requests.json", _json([{"id": row.pk, "kind": row.kind, "status": row.status, "askedAt": row.asked_at} for row in others])


def _order(order: Order, person: Person) -> dict[str, Any]:
    links = OrderPayment.objects.filter(order=order).select_related("payment").order_by("id")
    payments = [link.payment for link in links]
    refunds = Refund.objects.filter(payment__in=[payment.pk for payment in payments]).select_related("key")
    parcels = Shipment.objects.filter(stream=str(order.pk)).select_related("key").order_by("created_at", "id")
    documents = Document.objects.filter(order=order).select_related("key").order_by("issued_at", "id")
    return {
        **_columns(order),
        "shippingAddress": people.read_address(order.shipping_address, person),
        "billingAddress": people.read_address(order.billing_address, person),
        "lines": [_columns(line) for line in Line.objects.filter(order=order).order_by("place")],
        "payments": [_columns(payment) for payment in payments],
        "refunds": [{**_columns(refund), "reason": reason_of(refund)} for refund in refunds.order_by("created_at", "id")],
        "parcels": [{**_columns(parcel), **parcel.private()} for parcel in parcels],
        "documents": [{**_columns(document), "recipient": document.recipient()} for document in documents],
    }


def _cart(checkout: Checkout) -> dict[str, Any]:
    lines = CheckoutLine.objects.filter(checkout=checkout).select_related("variant").order_by("created_at", "id")
    return {
        **_columns(checkout), "contact": checkout.contact(),
        "lines": [{"sku": line.variant.sku, "quantity": line.quantity, "choices": line.metadata} for line in lines],
    }


def _message(message: Message) -> dict[str, Any]:
    return {
        "at": message.created_at, "sentAt": message.sent_at, "medium": message.medium,
        "order": message.order.number if message.order is not None else None, **message.opened(),
    }


def _return(ret: Return, person: Person) -> dict[str, Any]:
    return {**_columns(ret), "order": ret.order.number, **ret.private(person.key)}


def _events(person: Person) -> Iterator[dict[str, Any]]:
    """Of all their stories, and what else was told of them, oldest first; between staff alone what stays between staff."""
    theirs = list(people_of(person.pk))
    ids, keys = {str(row.pk) for row in theirs}, {row.key_id for row in theirs}
    orders = Order.objects.filter(person__in=theirs).values_list("pk", flat=True)
    about = Target.objects.filter(
        Q(type="customer", target_id__in=[row.pk.hex for row in theirs]) | Q(type="order", target_id__in=[pk.hex for pk in orders])
    )
    elsewhere = Q(pk__in=about.values("event_id"), person_key__in=keys)
    wanted = Event.objects.filter(Q(stream__in=keeping.streams_of(person)) | elsewhere).select_related("person_key").order_by("id")
    for event in wanted.iterator(chunk_size=EVENTS_AT_ONCE):
        by_them = event.actor_id in ids
        mine = event.public or by_them
        yield {
            "at": event.occurred_at, "kind": event.kind, "said": sentence(event.kind, event.facts), "story": event.stream,
            "by": "you" if by_them else event.actor_type, "facts": event.facts if mine else {},
            "private": (event.private() or {}) if mine or event.person_key_id in keys else {},
        }


def _columns(row: models.Model) -> dict[str, Any]:
    """The row's own columns, without what is sealed and what is ours alone."""
    return {field.attname: getattr(row, field.attname) for field in row._meta.concrete_fields if field.attname not in _HIDDEN
            and not (isinstance(field, models.BinaryField) and isinstance(getattr(row, field.attname), (bytes, memoryview)))}


def _json(data: Any) -> bytes:
    return orjson.dumps(data, option=orjson.OPT_INDENT_2 | orjson.OPT_UTC_Z, default=str)


def _pieces(file: io.BytesIO) -> Iterable[bytes]:
    while piece := file.read(privacy.PART_BYTES):
        yield piece
