"""One body of a channel in, once: an order, an update, or a case for a person (D1, D2).

Note [Taken once]
    A body is known by channel, shop and channel order id; the import's story is its lock. The same body again changes nothing,
    an older one neither. A body that cannot become an order as it is becomes a held import with reasons: the database
    keeps it either way, and a repeat is harmless.

Note [Two tries]
    Placing is one operation. Whatever refuses it (no stock, a step that is not possible) rolls all of it back, and a
    second operation keeps the body as held, with the refusal as its reason.
"""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from uuid import UUID

import structlog
from django.db import DataError, IntegrityError

from orders.channels import adapters, deciding, following, history, identifying, matching, placing
from orders.channels.canonical import CANCELLED, Canonical, Trouble, as_data
from orders.channels.reading import dumps, loads
from orders.models import ChannelImport, Person
from orders.operations import numbers, people
from timeline import vault
from timeline.errors import Busy, DomainError, Missing, Refused
from timeline.operations import operation
from timeline.retries import retried

if TYPE_CHECKING:
    from collections.abc import Callable

    from inventory.models import Variant
    from orders.channels.identifying import Body
    from orders.models import ChannelAccount
    from orders.operations.numbers import Number
    from timeline.actors import Actor
    from timeline.operations import Operation

CREATED, UNCHANGED, UPDATED, HELD, CONFLICT, REFUSED = "created", "unchanged", "updated", "held", "conflict", "refused"
DISMISSED = "dismissed"
OUTCOMES = (CREATED, UNCHANGED, UPDATED, HELD, CONFLICT, DISMISSED, REFUSED)
S = ChannelImport.State
# What an order that was cancelled before it was one here need not say any more.
_NEEDLESS = frozenset({"amounts_not_told_yet", "lines_missing", "total_missing", "unknown_currency", "unknown_sku", "no_sku"})
_NEVER_PLACED = Trouble("cancelled_before_placing", "It was cancelled before it was an order here; nothing is to be done.", holds=False)
log = structlog.get_logger("bahi.channels")


class ImportEnded(Refused):
    """This import is an order already; there is nothing to try again."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one body."""

    outcome: str
    channel: str
    channel_order_id: str = ""
    reasons: tuple[dict[str, Any], ...] = ()
    row: ChannelImport | None = None


def take(*, channel: str, said: Any, actor: Actor, account: ChannelAccount | None = None) -> Outcome:
    """Take one order's body in. Notes [Taken once] and [Two tries]. Never raises for a body; Busy as every write."""
    try:
        body = identifying.body_of(channel, said, account)
    except adapters.NotAnOrder as error:
        return Outcome(REFUSED, channel, reasons=(Trouble("not_an_order", str(error)).row(),))
    try:
        return _taken(body, actor=actor, account=account)
    except Busy:
        raise
    except (DomainError, IntegrityError, DataError, ArithmeticError, ValueError) as error:
        # Neither an order nor a held import could be written: the bodies beside it still come in.
        log.warning("channel_body.refused", channel=channel, why=type(error).__name__, exc_info=True)
        trouble = Trouble("cannot_be_kept", f"The body cannot be kept: {type(error).__name__}.")
        return Outcome(REFUSED, channel, body.order_id, (trouble.row(),))


@retried
def _taken(body: Body, *, actor: Actor, account: ChannelAccount | None) -> Outcome:
    known = ChannelImport.objects.filter(pk=body.import_id).first()
    if known is not None and bytes(known.fingerprint) == _print(body.said):
        return _same(known)
    needs_number = known is None or known.order_id is None
    return _tried(
        lambda op, number, refusal: _take(op, body=body, number=number, account=account, refusal=refusal),
        name="channel.import", story=body.story, actor=actor, needs_number=needs_number,
    )


@retried
def again(*, import_id: UUID, actor: Actor, reason: str = "") -> Outcome:
    """Try a held import once more, as somebody decided meanwhile or stock came, or a dismissed one after all. Raises Missing, ImportEnded."""
    row = ChannelImport.objects.filter(pk=import_id).first()
    if row is None:
        raise Missing
    return _tried(
        lambda op, number, refusal: _retry(op, import_id=import_id, number=number, refusal=refusal),
        name=f"channel.{reason or 'retry'}", story=row.story, actor=actor,
    )


def _tried(
    deed: Callable[[Operation, Number | None, Trouble | None], Outcome], *, name: str, story: str, actor: Actor, needs_number: bool = True
) -> Outcome:
    """Note [Two tries]: with the second one the refusal of the first is written down."""
    refusal: Trouble | None = None
    for _ in range(2):
        number = numbers.take(actor=actor) if needs_number else None
        try:
            with operation(name, actor=actor, stream=story) as op:
                return deed(op, number, refusal)
        except ImportEnded:
            raise
        except DomainError as error:
            if refusal is not None:
                raise
            refusal = trouble_of(error)
        except (IntegrityError, DataError, OverflowError):
            if refusal is not None:
                raise
            refusal = Trouble("impossible_figures", "The figures are not possible together; a person must look.")
    raise AssertionError


def trouble_of(error: DomainError) -> Trouble:
    """A refusal of placing as the reason why an import waits."""
    skus = ", ".join(str(item.get("sku", "")) for item in error.extra.get("items", []) if isinstance(item, dict))
    code = {"out-of-stock": "oversold", "awaiting-stock": "oversold"}.get(error.slug, error.slug.replace("-", "_"))
    return Trouble(code, f"{error.detail} {skus}".strip()[:300])


def _take(op: Operation, *, body: Body, number: Number | None, account: ChannelAccount | None, refusal: Trouble | None) -> Outcome:
    row = ChannelImport.objects.select_related("person__key").filter(pk=body.import_id).first()
    said = body.said
    if row is not None:
        if bytes(row.fingerprint) == _print(said):
            return _same(row)
        if row.person.key.destroyed_at is not None:
            return _of_erased(op, row, adapters.translate(body.channel, said))
        row.account = row.account or account
        said = adapters.merge(body.channel, loads(row.body() or b"{}"), said)
    order = deciding.apply(adapters.translate(body.channel, said), row.decisions if row is not None else {})
    if row is None:
        row = _new(op, body=body, order=order, account=account)
    elif order.changed_at is not None and row.changed_at is not None and order.changed_at < row.changed_at:
        return Outcome(UNCHANGED, body.channel, body.order_id, (Trouble("older_than_known", "A newer body of this order is known.", holds=False).row(),), row)
    elif following.is_seen_before(row, order):
        _keep(op, row, said, order, print_=_print(body.said))
        return _same(row)
    row.fingerprint = _print(body.said)
    if row.order_id is None and (row.state != S.DISMISSED or _NEVER_PLACED.row() in row.reasons):
        return _decide(op, row=row, said=said, order=order, number=number, refusal=refusal, is_new=row._state.adding)
    _keep(op, row, said, order, print_=_print(body.said))
    return _follow(op, row=row, said=said, order=order, refusal=refusal)


def _follow(op: Operation, *, row: ChannelImport, said: dict[str, Any], order: Canonical, refusal: Trouble | None) -> Outcome:
    """An order goes on; what a person dismissed stays so, whatever its channel tells of it."""
    if row.state == S.DISMISSED:
        trouble = Trouble("dismissed", "A person said that it is no order of ours.", holds=False)
        return Outcome(UNCHANGED, row.channel, row.channel_order_id, (trouble.row(),), row)
    changed = following.follow(op, row=row, said=said, order=order, refusal=refusal)
    return Outcome(changed, row.channel, row.channel_order_id, tuple(row.reasons), row)


def _of_erased(op: Operation, row: ChannelImport, order: Canonical) -> Outcome:
    """Nothing more is kept of a buyer who was erased; what the channel took or gave back of an order that stands is booked."""
    is_moved = row.order_id is not None and following.follow_money(op, row=row, order=order)
    trouble = Trouble("buyer_erased", "The buyer was erased; their order is followed by its money alone.", holds=False)
    return Outcome(UPDATED if is_moved else UNCHANGED, row.channel, row.channel_order_id, (trouble.row(),), row)


def _retry(op: Operation, *, import_id: UUID, number: Number | None, refusal: Trouble | None) -> Outcome:
    row = ChannelImport.objects.select_related("person__key").get(pk=import_id)
    if row.order_id is not None:
        raise ImportEnded
    said = loads(row.body() or b"{}")
    if not said:
        raise ImportEnded("The buyer was erased, and the body with them.")
    said = identifying.with_currency(row.channel, said, row.account)
    return _decide(op, row=row, said=said, order=adapters.translate(row.channel, said), number=number, refusal=refusal, is_new=False)


def _decide(
    op: Operation, *, row: ChannelImport, said: dict[str, Any], order: Canonical, number: Number | None,
    refusal: Trouble | None, is_new: bool,
) -> Outcome:
    """An order, or a held import with its reasons."""
    order = deciding.apply(order, row.decisions)
    variants, unmatched = matching.match(order, row.shop)
    troubles = [*order.troubles, *unmatched, *([refusal] if refusal else [])]
    if not order.is_held and not placing.sums_of(order).are_possible:
        troubles.append(Trouble("impossible_figures", "The sums are less than nothing, or discount exceeds the goods."))
    if not any(trouble.holds for trouble in troubles) and not any(item.quantity for item in order.items):
        troubles.append(Trouble("lines_missing", "No line has any units."))
    row.reasons = [trouble.row() for trouble in troubles]
    if _is_never_placed(order, troubles):
        return _end(op, row=row, said=said, order=order, is_new=is_new)
    if number is None or any(trouble.holds for trouble in troubles):
        return _hold(op, row=row, said=said, order=order, is_new=is_new)
    return _place(op, row=row, said=said, order=order, variants=variants, number=number, is_new=is_new)


def _is_never_placed(order: Canonical, troubles: list[Trouble]) -> bool:
    """Whether all that an order lacks is what nobody needs of one that is cancelled, and no money of it is with the channel."""
    holding = {trouble.code for trouble in troubles if trouble.holds}
    return order.told.status == CANCELLED and order.told.paid_minor <= order.told.refunded_minor and bool(holding) and holding <= _NEEDLESS


def _end(op: Operation, *, row: ChannelImport, said: dict[str, Any], order: Canonical, is_new: bool) -> Outcome:
    """Kept out of everybody's way, until its channel says that it is not cancelled after all."""
    row.state = S.DISMISSED
    row.reasons = [*({**reason, "holds": False} for reason in row.reasons), _NEVER_PLACED.row()]
    op.record(row, "channel_import.dismissed", stream=row.story, facts=history.words(row, order), **history.sealed(row, said))
    _keep(op, row, said, order, print_=bytes(row.fingerprint), is_new=is_new)
    return Outcome(DISMISSED, row.channel, row.channel_order_id, tuple(row.reasons), row)


def _place(
    op: Operation, *, row: ChannelImport, said: dict[str, Any], order: Canonical, variants: dict[str, Variant], number: Number, is_new: bool
) -> Outcome:
    placed = placing.place(op, told_by=row, order=order, variants=variants, number_=number, person=row.person)
    row.order, row.state, row.placed = placed, S.IMPORTED, order.sums()
    op.record(
        row, "channel_import.placed", stream=row.story, targets=[("order", placed.pk)],
        facts={**history.words(row, order), "number": placed.number, "order_id": placed.pk}, **history.sealed(row, said),
    )
    _keep(op, row, said, order, print_=bytes(row.fingerprint), is_new=is_new)
    return Outcome(CREATED, row.channel, row.channel_order_id, tuple(row.reasons), row)


def _hold(op: Operation, *, row: ChannelImport, said: dict[str, Any], order: Canonical, is_new: bool) -> Outcome:
    row.state = S.HELD
    op.record(
        row, "channel_import.held", stream=row.story,
        facts={**history.words(row, order), "reasons": ", ".join(reason["code"] for reason in row.reasons if reason["holds"])},
        **history.sealed(row, said),
    )
    _keep(op, row, said, order, print_=bytes(row.fingerprint), is_new=is_new)
    return Outcome(HELD, row.channel, row.channel_order_id, tuple(row.reasons), row)


def _keep(op: Operation, row: ChannelImport, said: dict[str, Any], order: Canonical, *, print_: bytes, is_new: bool = False) -> None:
    """The newest body and what it says, sealed under the buyer's key."""
    row.sealed = vault.seal(
        row.person.key, row.story, {"body": base64.b64encode(dumps(said)).decode(), "canonical": as_data(order)}
    )
    row.sums, row.status, row.channel_status = order.sums(), order.told.status, order.told.words
    row.channel_order_number, row.placed_at, row.seen_at = order.number[:64], order.placed_at, op.now
    row.changed_at, row.fingerprint = order.changed_at or row.changed_at, print_
    if is_new:
        row.save(force_insert=True)
    else:
        row.revision += 1
        row.save(force_update=True)


def _new(op: Operation, *, body: Body, order: Canonical, account: ChannelAccount | None) -> ChannelImport:
    return ChannelImport(
        id=body.import_id, channel=body.channel, shop=body.shop, channel_order_id=body.order_id, account=account, person=_person(op, order, body.shop),
        received_at=op.now, seen_at=op.now,
    )


def _person(op: Operation, order: Canonical, shop: str) -> Person:
    """The buyer as this channel knows them: by its id for them, else by e-mail; never somebody of another channel or shop."""
    known = order.buyer.id or order.buyer.email.casefold()
    person_id = op.new_id()
    if known:
        # Customer 17 of one shop is not customer 17 of another where ids are each shop's own; elsewhere `shop` is empty.
        person_id = UUID(bytes=vault.blind("channel_buyer", "\0".join(filter(None, (order.channel, shop, known)))), version=4)
        found = Person.objects.select_related("key").filter(pk=person_id).first()
        if found is not None and found.key.destroyed_at is not None:
            person_id = op.new_id()  # who was erased is somebody new when they come again
    person = people.ensure(op, person_id=person_id, kind=Person.Kind.GUEST)
    return people.remember(
        op, person=person, profile={"email": order.buyer.email, "phone": order.buyer.phone, "name": order.buyer.name}
    )


def _same(row: ChannelImport) -> Outcome:
    return Outcome(UNCHANGED, row.channel, row.channel_order_id, tuple(row.reasons), row)


def _print(said: dict[str, Any]) -> bytes:
    return hashlib.sha256(dumps(said)).digest()
