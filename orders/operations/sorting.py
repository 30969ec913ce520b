"""Staff sort orders: tags, and who looks after an order. Each change is an event of the order's story; a repeat changes nothing."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from orders import colleagues, locks
from orders.models import OrderAssignment, OrderTag
from orders.models.desk import TAG_CHARS_MAX
from timeline.errors import Invalid, Refused

if TYPE_CHECKING:
    from collections.abc import Iterable
    from uuid import UUID

    from timeline.operations import Operation

TAGS_MAX: Final = 20
_TAG = re.compile(rf"[a-z0-9][a-z0-9_-]{{0,{TAG_CHARS_MAX - 1}}}", re.ASCII)


class BadTag(Invalid):
    """A tag is a word of small letters, digits, - and _, at most 30 of them."""


class TooManyTags(Refused):
    """This order has as many tags as an order may have; take one off first."""


class NoSuchColleague(Invalid):
    """No active member of staff has this user name."""


def tag_of(text: str) -> str:
    """The tag as it is kept: `Gift wrap` is `gift-wrap`. Raises BadTag."""
    found = "-".join(text.strip().lower().split())
    if not _TAG.fullmatch(found):
        raise BadTag(errors=[("#/tag", "Small letters, digits, - and _, at most 30.")])
    return found


def tag(op: Operation, *, order_id: UUID, tags: Iterable[str]) -> list[str]:
    """Give the order these tags; gives those that are new. Raises Missing, BadTag, TooManyTags."""
    order = locks.order(order_id)
    known = set(OrderTag.objects.filter(order=order).values_list("tag", flat=True))
    new = [one for one in dict.fromkeys(tag_of(text) for text in tags) if one not in known]
    if len(known) + len(new) > TAGS_MAX:
        raise TooManyTags

    for one in new:
        op.record(order, "order.tagged", facts={"tag": one})
    OrderTag.objects.bulk_create([OrderTag(id=op.new_id(), order=order, tag=one, created_at=op.now) for one in new])
    return new


def untag(op: Operation, *, order_id: UUID, tags: Iterable[str]) -> list[str]:
    """Take these tags off the order; gives those that were there. Raises Missing, BadTag."""
    order = locks.order(order_id)
    wanted = [tag_of(text) for text in tags]
    gone = sorted(OrderTag.objects.filter(order=order, tag__in=wanted).values_list("tag", flat=True))

    for one in gone:
        op.record(order, "order.untagged", facts={"tag": one})
    OrderTag.objects.filter(order=order, tag__in=gone).delete()
    return gone


def assign(op: Operation, *, order_id: UUID, assignee: str) -> bool:
    """Say who looks after the order, by user name; an empty one is nobody. Gives whether that is new.

    Raises Missing, NoSuchColleague.
    """
    order = locks.order(order_id)
    before = OrderAssignment.objects.filter(order=order).values_list("assignee", flat=True).first() or ""
    name = colleagues.user_name(assignee) if assignee.strip() else ""
    if name is None:
        raise NoSuchColleague(errors=[("#/assignee", "No active member of staff has this user name.")])
    if name == before:
        return False

    kind = "order.assigned" if name else "order.unassigned"
    op.record(order, kind, facts={"assignee": name or None, "before": before or None})
    OrderAssignment.objects.filter(order=order).delete()
    if name:
        OrderAssignment(order=order, assignee=name, created_at=op.now).save(force_insert=True)
    return True
