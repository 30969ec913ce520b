"""Reads of returns: those of an order, one, a list, and what of an order may be sent back. Each says what it costs."""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.db.models import Count, Max, Prefetch, Q, Sum

from orders.eligibility import Bought
from orders.models import (
    FulfilmentLine,
    Line,
    Return,
    ReturnLine,
    ReturnParcel,
    ReturnPhoto,
    ReturnRule,
    ReturnUnit,
)
from payments.models import Refund
from shipping.models import Label, Shipment
from timeline.errors import Missing

if TYPE_CHECKING:
    from collections.abc import Sequence

    from django.db.models import QuerySet

# UX B5.6: the tabs of the console, and which returns wait in each.
TABS: dict[str, tuple[str, Q]] = {
    "requested": ("Requested", Q(status=Return.Status.REQUESTED)),
    "approved": ("Approved", Q(status=Return.Status.APPROVED)),
    "pickup": ("Pickup booked", Q(status__in=[Return.Status.PICKUP_BOOKED, Return.Status.ON_THE_WAY])),
    "received": ("Received", Q(status=Return.Status.RECEIVED)),
    "to-refund": ("To refund", Q(status=Return.Status.INSPECTED)),
    "closed": (
        "Closed",
        Q(status__in=[Return.Status.CLOSED, Return.Status.DECLINED, Return.Status.CANCELLED, Return.Status.EXPIRED]),
    ),
}
_UUID = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_NUMBER = re.compile(r"RMA-[0-9]{8}-[0-9]{5,9}", re.IGNORECASE | re.ASCII)


@dataclass(frozen=True, slots=True)
class CameBack:
    """What came back of an order, and the number of the return it was placed for in exchange."""

    returns: tuple[Return, ...] = ()
    exchange_of: str | None = None


NOTHING = CameBack()


def whole(returns: QuerySet[Return]) -> QuerySet[Return]:
    """The same returns with all that is shown of them: at most five statements more, however many there are."""
    return returns.select_related("exchange_order").prefetch_related(
        Prefetch("lines", ReturnLine.objects.select_related("line").order_by("line__place")),
        Prefetch("lines__units", ReturnUnit.objects.order_by("id")),
        Prefetch("photos", ReturnPhoto.objects.defer("sealed").order_by("place")),
        Prefetch("parcels", ReturnParcel.objects.select_related("shipment").order_by("id")),
    )


def of_order(order_id: UUID) -> list[Return]:
    """The order's returns, oldest first. One statement when there are none."""
    return list(whole(Return.objects.filter(order_id=order_id)).order_by("created_at", "id"))


def came_back(order_id: UUID) -> CameBack:
    """The order's returns, and the one it was placed for. One statement when there are none."""
    about = Return.objects.filter(Q(order_id=order_id) | Q(exchange_order_id=order_id))
    pks = list(about.values_list("pk", flat=True))
    if not pks:
        return NOTHING
    found = list(whole(Return.objects.filter(pk__in=pks)).order_by("created_at", "id"))
    return CameBack(
        tuple(ret for ret in found if ret.order_id == order_id),
        next((ret.number for ret in found if ret.exchange_order_id == order_id), None),
    )


def ids_of(text: str, *, order_id: UUID | None = None) -> tuple[UUID, UUID]:
    """The ids of the return of this id or number, and of its order. Raises Missing, also when it is another order's."""
    if _UUID.fullmatch(text):
        wanted = Q(pk=UUID(text))
    elif _NUMBER.fullmatch(text):
        wanted = Q(number=text.upper())
    else:
        raise Missing
    mine = Q() if order_id is None else Q(order_id=order_id)
    found = Return.objects.filter(wanted, mine).values_list("pk", "order_id").first()
    if found is None:
        raise Missing
    return found


def one(return_id: UUID) -> Return:
    """One return with its order, customer and all that is shown of it. Raises Missing."""
    found = whole(Return.objects.filter(pk=return_id)).select_related("order__person__key").first()
    if found is None:
        raise Missing
    return found


def listed(*, statuses: Sequence[str] = (), extra: Q | None = None) -> QuerySet[Return]:
    """Returns of these states with what a list shows."""
    wanted = Q(status__in=list(statuses)) if statuses else Q()
    return whole(Return.objects.filter(wanted, extra or Q())).select_related("order__person__key")


def waiting() -> dict[str, int]:
    """How many returns wait in each tab but the closed ones. One statement."""
    counts = {key.replace("-", "_"): Count("pk", filter=wanted) for key, (_, wanted) in TABS.items() if key != "closed"}
    found = Return.objects.exclude(TABS["closed"][1]).aggregate(**counts)
    return {key: int(found[key.replace("-", "_")]) for key in TABS if key != "closed"}


def photo(*, return_id: UUID, place: int) -> ReturnPhoto:
    """One picture with what is sealed. Raises Missing."""
    found = ReturnPhoto.objects.filter(ret_id=return_id, place=place).first()
    if found is None:
        raise Missing
    return found


def refunds_of(return_id: UUID) -> list[Refund]:
    """The refunds given for a return, oldest first. One statement."""
    return list(Refund.objects.filter(return_id=return_id).order_by("created_at", "id"))


def label(return_id: UUID) -> Label:
    """The label of the parcel that fetches the goods, the newest that was not called off. Raises Missing."""
    live = ReturnParcel.objects.filter(ret_id=return_id, shipment__direction=Shipment.Direction.REVERSE)
    wanted = live.exclude(shipment__status=Shipment.Status.CANCELLED).order_by("-id").values_list("shipment_id", flat=True)
    found = Label.objects.select_related("shipment__key").filter(shipment_id__in=list(wanted[:1])).first()
    if found is None:
        raise Missing
    return found


def order_of_shipment(shipment_id: UUID) -> UUID | None:
    """The order whose return travels in this parcel; None for any other parcel. One statement."""
    return ReturnParcel.objects.filter(shipment_id=shipment_id).values_list("ret__order_id", flat=True).first()


def units_of_parcels(shipment_ids: Sequence[UUID]) -> dict[UUID, list[tuple[UUID, int]]]:
    """What the parcels of returns carry, pairs of line and units: towards us what was announced, back to the customer what was graded so.

    Two statements at most, however many parcels.
    """
    parcels = ReturnParcel.objects.filter(shipment_id__in=list(shipment_ids))
    announced: dict[UUID, list[tuple[UUID, int]]] = defaultdict(list)
    sent_back: dict[UUID, list[tuple[UUID, int]]] = defaultdict(list)
    pairs = list(parcels.values_list("shipment_id", "ret_id", "shipment__direction"))
    if not pairs:
        return {}
    rows = ReturnLine.objects.filter(ret__in=[ret_id for _, ret_id, _ in pairs]).order_by("line__place")
    back = Sum("units__quantity", filter=Q(units__disposition=ReturnUnit.Disposition.BACK))
    for ret_id, line_id, quantity, handed in rows.annotate(handed=back).values_list("ret_id", "line_id", "quantity", "handed"):
        if quantity:
            announced[ret_id].append((line_id, quantity))
        if handed:
            sent_back[ret_id].append((line_id, handed))
    return {
        pk: (announced if direction == Shipment.Direction.REVERSE else sent_back).get(ret_id, [])
        for pk, ret_id, direction in pairs
    }


def bought(lines: Sequence[Line]) -> dict[UUID, Bought]:
    """What the rules ask of each line: units that arrived, came back and are asked for, and when they arrived. Three statements."""
    pks = [line.pk for line in lines]
    arrived = _by_line(
        FulfilmentLine.objects.filter(line__in=pks, fulfilment__shipment__status="delivered")
        .values("line").annotate(value=Max("fulfilment__shipment__delivered_at"))
    )
    asked = _by_line(
        ReturnLine.objects.filter(line__in=pks, ret__status__in=Return.OPEN).order_by()
        .values("line").annotate(value=Sum("quantity"))
    )
    own = dict(ReturnRule.objects.filter(variant__in=[line.variant_id for line in lines]).values_list("variant", "days"))
    return {
        line.pk: Bought(
            delivered=line.quantity_delivered, returned=line.quantity_returned, asked=int(asked.get(line.pk) or 0),
            delivered_at=arrived.get(line.pk), window_days=own.get(line.variant_id),
        )
        for line in lines
    }


def _by_line(rows: Any) -> dict[UUID, Any]:
    return {row["line"]: row["value"] for row in rows}
