"""A return's way until the goods move: asked for, approved or declined, expired; and its pictures."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from django.conf import settings

from inventory.models import Warehouse
from orders import locks, return_queries
from orders.eligibility import UNOPENED, Asked, Bought, approves_itself, broken
from orders.models import Line, Order, Return, ReturnLine, ReturnPhoto
from orders.models.returns import PHOTO_BYTES_MAX, PHOTOS_MAX
from orders.operations import numbers, return_policy, shelf
from orders.pictures import media_of
from shipping import addresses
from timeline import vault
from timeline.errors import Invalid, Missing, Refused, TooLarge
from timeline.transitions import advance, begin

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime
    from uuid import UUID

    from orders.operations.return_policy import Worth
    from timeline.models import Event
    from timeline.operations import Operation


class ReturnNotPossible(Invalid):
    """Not all of this can be sent back; the errors say why, item by item."""


class NotAPicture(Invalid):
    """A photo is a JPEG, PNG or WebP file."""


class PhotosFull(Refused):
    """A return has at most five photos."""


class PhotosClosed(Refused):
    """Photos are added until the goods are received."""


@dataclass(frozen=True, slots=True)
class Item:
    """So many units of a line, why they come back, and in which condition they are."""

    line_id: UUID
    units: int
    reason: str
    condition: str = UNOPENED


def ask(
    op: Operation, *, order_id: UUID, items: Sequence[Item], wish: str = Return.Wish.REFUND, comment: str | None = None,
    pickup_address: Mapping[str, Any] | None = None,
) -> Return:
    """The customer wants to send units back; it is approved at once where the shop's rule says so.

    Raises ReturnNotPossible naming the rules that do not hold (`orders.eligibility.RULES`), Missing.
    """
    return _ask(
        op, order_id=order_id, items=items, wish=wish, is_staff=False,
        private={"comment": comment, "pickupAddress": checked_address(pickup_address)},
    )


def preview(*, order_id: UUID, items: Sequence[Item], now: datetime) -> dict[UUID, Worth]:
    """What these units would give back, each with its fee, without writing. Raises what `ask` raises."""
    order = Order.objects.filter(pk=order_id).first()
    if order is None:
        raise Missing
    lines = list(Line.objects.filter(order=order).order_by("place"))
    _require_possible(items=items, bought=return_queries.bought(lines), is_staff=False, now=now)
    return return_policy.worths(
        order=order, lines=lines, units={item.line_id: item.units for item in items},
        reasons={item.line_id: item.reason for item in items},
    )


def open_by_staff(
    op: Operation, *, order_id: UUID, items: Sequence[Item], wish: str = Return.Wish.REFUND, comment: str | None = None,
    pickup_address: Mapping[str, Any] | None = None, approved: bool = True,
) -> Return:
    """Staff take a return in, also beyond the shop's time: what was overruled is kept with it.

    Raises ReturnNotPossible when the units are not there, Missing.
    """
    ret = _ask(
        op, order_id=order_id, items=items, wish=wish, is_staff=True,
        private={"comment": comment, "pickupAddress": checked_address(pickup_address)},
    )
    if approved:
        _approve(op, ret)
    return ret


def approve(op: Operation, *, return_id: UUID) -> Return:
    """The goods may come. Raises TransitionRefused unless it is asked for, Missing."""
    ret = locks.ret(return_id)

    _approve(op, ret)
    return ret


def decline(op: Operation, *, return_id: UUID, reason: str) -> Return:
    """The shop does not take the goods back, and says why. Raises TransitionRefused unless it is asked for, Missing."""
    ret = locks.ret(return_id)

    key = ret.order.person.key
    advance(op, ret.decline, at=op.now, private={"reason": reason}, person=key, **words_of(ret))
    _keep_private(ret, {"reason": reason})
    return ret


def expire(op: Operation, *, return_id: UUID) -> Return:
    """Nothing was sent in time. Raises TransitionRefused unless it is approved and not on its way."""
    ret = locks.ret(return_id)

    advance(op, ret.expire, at=op.now, **words_of(ret))
    return ret


def add_photo(op: Operation, *, return_id: UUID, data: bytes) -> ReturnPhoto:
    """Keep a picture, sealed under the customer's key; the same picture twice is one.

    What it is follows from its bytes, not from what it is called. Raises NotAPicture, TooLarge, PhotosFull, PhotosClosed.
    """
    ret = locks.ret(return_id)
    digest = hashlib.sha256(data).digest()
    known = list(ReturnPhoto.objects.filter(ret=ret).defer("sealed").order_by("place"))
    same = next((row for row in known if bytes(row.sha256) == digest), None)

    if same is not None:
        return same
    if ret.status not in Return.OPEN:
        raise PhotosClosed
    if len(data) > PHOTO_BYTES_MAX:
        raise TooLarge(bytes_max=PHOTO_BYTES_MAX)
    media = media_of(data)
    if media is None:
        raise NotAPicture
    if len(known) >= PHOTOS_MAX:
        raise PhotosFull

    photo = ReturnPhoto(
        id=op.new_id(), ret=ret, place=len(known) + 1, media=media, size_bytes=len(data), sha256=digest, created_at=op.now
    )
    photo.sealed = vault.seal(
        ret.order.person.key, ReturnPhoto.context(photo.pk), {"picture": base64.b64encode(data).decode()}
    )
    op.record(
        ret, "return.photo_added", stream=str(ret.order_id),
        facts={"return_id": ret.pk, "number": ret.number, "photo_id": photo.pk, "media": media, "bytes": len(data)},
    )
    photo.save(force_insert=True)
    return photo


def picture(photo: ReturnPhoto) -> bytes:
    """The picture itself; empty once the person is erased or it was kept long enough."""
    if not photo.sealed:
        return b""
    data = vault.unseal(photo.ret.order.person.key, ReturnPhoto.context(photo.pk), bytes(photo.sealed))
    return base64.b64decode(data["picture"]) if data else b""


def checked_address(address: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """Where goods are fetched, in the form of the API; nothing for nothing. Raises Invalid naming the parts."""
    if not address:
        return None
    try:
        return dict(addresses.to_wire(addresses.check(address)))
    except addresses.AddressInvalid as error:
        raise Invalid(
            "The address is not complete or not possible; the errors name the parts.",
            errors=[(f"#/pickupAddress{pointer.removeprefix('#')}", detail) for pointer, detail in error.errors],
        ) from error


def place_of(code: str | None) -> Warehouse:
    """The warehouse of this code, or the first one. Raises NoWarehouse."""
    rows = Warehouse.objects.order_by("priority", "code")
    found = rows.filter(code=code).first() if code else rows.filter(is_active=True).first()
    if found is None:
        raise shelf.NoWarehouse(errors=[("#/warehouse", "Not known.")])
    return found


def words_of(ret: Return) -> dict[str, Any]:
    """What every event of a return says, and where."""
    return {
        "stream": str(ret.order_id),
        "targets": [("order", ret.order_id), ("customer", ret.order.person_id)],
        "order_id": ret.order_id,
        "return_id": ret.pk,
        "number": ret.number,
    }


def _ask(
    op: Operation, *, order_id: UUID, items: Sequence[Item], wish: str, private: Mapping[str, Any], is_staff: bool
) -> Return:
    order = locks.order(order_id)
    lines = {line.pk: line for line in locks.lines(order_id)}
    bought = return_queries.bought(list(lines.values()))
    beyond = _require_possible(items=items, bought=bought, is_staff=is_staff, now=op.now)

    worths = return_policy.worths(
        order=order, lines=list(lines.values()), units={item.line_id: item.units for item in items},
        reasons={item.line_id: item.reason for item in items},
    )
    said = {word: value for word, value in private.items() if value}
    ret = Return(
        id=op.new_id(), order=order, number=numbers.take_rma(op), wish=wish, currency=order.currency,
        worth_minor=sum(worth.worth_minor for worth in worths.values()),
        fee_minor=sum(worth.fee_minor for worth in worths.values()), beyond=beyond, requested_by_type=op.actor.type,
        requested_by_id=op.actor.id, created_at=op.now, state_since=op.now,
    )
    ret.sealed = ret.seal_private(order.person.key, said) if said else None
    _begin(op, ret, items, lines, said)
    ReturnLine.objects.bulk_create(
        [
            ReturnLine(
                ret=ret, line=lines[item.line_id], quantity=item.units, reason=item.reason, condition=item.condition,
                worth_minor=worths[item.line_id].worth_minor, fee_minor=worths[item.line_id].fee_minor,
            )
            for item in items
        ]
    )
    reasons = frozenset(item.reason for item in items)
    is_in_rupees = ret.currency == "INR"  # the most it may be worth is said in paise, and no rate of exchange is known
    if not is_staff and is_in_rupees and approves_itself(reasons, ret.worth_minor, return_policy.policy(), broken_codes=bool(beyond)):
        _approve(op, ret, by_rule=True)
    return ret


def _require_possible(
    *, items: Sequence[Item], bought: Mapping[UUID, Bought], is_staff: bool, now: datetime
) -> list[str]:
    """The codes of the rules staff overrule. Raises ReturnNotPossible."""
    errors, beyond = [], set()
    if not items:
        errors.append(("#/items", "Name the items that come back."))
    policy = return_policy.policy()
    for place, item in enumerate(items):
        known = bought.get(item.line_id)
        if known is None:
            errors.append((f"#/items/{place}/orderItemId", "There is no such item."))
            continue
        asked = Asked(item.units, item.reason, item.condition)
        failed = broken(known, asked, policy, now)
        beyond |= {rule.code for rule in failed if not rule.binds_staff}
        errors += [(f"#/items/{place}", rule.sentence) for rule in failed[:1] if rule.binds_staff or not is_staff]
    if errors:
        raise ReturnNotPossible(errors=errors)
    return sorted(beyond)


def _begin(
    op: Operation, ret: Return, items: Sequence[Item], lines: Mapping[UUID, Line], said: Mapping[str, Any]
) -> Event:
    words = words_of(ret)
    stream, targets = words.pop("stream"), words.pop("targets")
    return begin(
        op, ret, "return.requested", stream=stream, targets=targets, private={**said} or None,
        person=ret.order.person.key if said else None,
        facts={
            **words,
            "items": [
                {"order_item_id": item.line_id, "sku": lines[item.line_id].sku, "reason": item.reason,
                 "quantity": item.units, "condition": item.condition}
                for item in items
            ],
            "item_count": sum(item.units for item in items),
            "refund_amount_minor": ret.worth_minor - ret.fee_minor,
            "fee_minor": ret.fee_minor,
            "currency": ret.currency,
            "wish": ret.wish,
            "beyond": ret.beyond or None,
        },
    )


def _approve(op: Operation, ret: Return, *, by_rule: bool = False) -> None:
    send_by = op.now + timedelta(days=settings.RETURN_SEND_DAYS)
    advance(op, ret.approve, at=op.now, send_by=send_by, by_rule=by_rule or None, **words_of(ret))


def _keep_private(ret: Return, more: Mapping[str, Any]) -> None:
    key = ret.order.person.key
    ret.sealed = ret.seal_private(key, {**ret.private(key), **more})
    Return.objects.filter(pk=ret.pk).update(sealed=ret.sealed)
