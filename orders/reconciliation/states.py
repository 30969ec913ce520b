"""States: each row is where its story says it is, each order what its payments and lines say (I5, Z2)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.db.models import Case, CharField, Exists, F, OuterRef, Q, Subquery, Sum, Value, When
from django.db.models.functions import Coalesce

from orders.models import Fulfilment, Line, Order, OrderPayment
from orders.reconciliation.difference import CHUNK, Difference, Window, day_of, hex_of
from payments.models import Dispute, Payment, Refund
from shipping.models import Shipment
from timeline.models import Event, Stream

if TYPE_CHECKING:
    from collections.abc import Iterator

    from django.db.models.expressions import Combinable

P, S = Order.PaymentState, Order.FulfilmentState
_AXES = ("payment_state", "fulfilment_state", "paid_minor", "refunded_minor")
_STORIES: tuple[tuple[Any, str], ...] = (
    (Order, "stream_id"), (Payment, "stream"), (Refund, "stream"), (Shipment, "stream"), (Dispute, "stream"),
    (Fulfilment, "order__stream_id"),
)


def check(window: Window) -> Iterator[Difference]:
    """Of the stories that moved since the window began; the doctor looks at all of them."""
    for model, story in _STORIES:
        yield from _impossible(window, model, story)
    yield from _axes(window)


def _impossible(window: Window, model: Any, story: str) -> Iterator[Difference]:
    told = Event.objects.filter(subject_type=model._meta.label_lower, subject_id=OuterRef("name_")).exclude(to_state="")
    moved = Stream.objects.filter(stream=OuterRef(story), at__gte=window.start)
    rows = model.objects.annotate(
        name_=hex_of(), told=Coalesce(Subquery(told.order_by("-id").values("to_state")[:1]), Value("")),
        moved_at=Subquery(moved.values("at")[:1]),
    ).filter(moved_at__isnull=False)
    if hasattr(model, "ADOPTED"):
        rows = rows.exclude(**{model.ADOPTED: True, "told": ""})  # older than its machine: the story begins with its next step
    for pk, status, said, stream, at in rows.exclude(status=F("told")).values_list(
        "pk", "status", "told", story, "moved_at"
    ).iterator(CHUNK):
        yield Difference(
            cause="impossible_step", key=f"{model._meta.model_name}:{pk.hex}", amount_minor=0, day=day_of(at), stream=stream,
            ours={model._meta.model_name: pk.hex, "status": status}, theirs={"lastEvent": said or "none"},
        )


def _axes(window: Window) -> Iterator[Difference]:
    """The same rules as `operations.axes`, said in SQL; a test holds the two together."""
    orders = Order.objects.filter(stream__at__gte=window.start, stream__at__lt=window.settled).annotate(**_derived())
    orders = orders.annotate(payment_says=_payment_state(), fulfilment_says=_fulfilment_state())
    wrong = orders.exclude(
        payment_state=F("payment_says"), fulfilment_state=F("fulfilment_says"), paid_minor=F("paid"), refunded_minor=F("back")
    )
    names = ("payment_says", "fulfilment_says", "paid", "back")
    for row in wrong.values("pk", "number", "currency", "stream__at", *_AXES, *names).iterator(CHUNK):
        yield Difference(
            cause="axes_differ", key=row["pk"].hex, amount_minor=row["paid_minor"] - row["paid"],
            day=day_of(row["stream__at"]), stream=str(row["pk"]), currency=row["currency"],
            ours={"order": row["number"], **{axis: row[axis] for axis in _AXES}},
            theirs={axis: row[name] for axis, name in zip(_AXES, names, strict=True)},
        )


def _derived() -> dict[str, Combinable]:
    payments = OrderPayment.objects.filter(order=OuterRef("pk"))
    lines = Line.objects.filter(order=OuterRef("pk")).values("order")

    def money(column: str) -> Coalesce:
        return Coalesce(Subquery(payments.values("order").annotate(sum=Sum(f"payment__{column}")).values("sum")), 0)

    def units(expression: Combinable) -> Coalesce:
        return Coalesce(Subquery(lines.annotate(sum=Sum(expression)).values("sum")), 0)

    return {
        "paid": money("captured_minor"),
        "back": money("refunded_minor"),
        "disputed": Exists(payments.filter(payment__disputes__status__in=Dispute.RUNNING)),
        "doubted": Exists(payments.filter(payment__status=Payment.Status.IN_DOUBT)),
        "reserved": Exists(payments.filter(payment__status=Payment.Status.AUTHORIZED)),
        "tried": Exists(payments),
        "hopeful": Exists(payments.exclude(payment__status=Payment.Status.FAILED)),
        "wanted": units(F("quantity") - F("quantity_cancelled")),
        "shipped": units(F("quantity_shipped")),
        "arrived": units(F("quantity_delivered")),
        "returned": units(F("quantity_returned")),
    }


def _payment_state() -> Case:
    return Case(
        When(disputed=True, then=Value(P.DISPUTED)),
        When(Q(paid__gt=0, back__gte=F("paid")), then=Value(P.REFUNDED)),
        When(Q(paid__gt=0, back__gt=0), then=Value(P.PARTIALLY_REFUNDED)),
        When(paid__gt=0, then=Value(P.PAID)),
        When(doubted=True, then=Value(P.IN_DOUBT)),
        When(reserved=True, then=Value(P.AUTHORIZED)),
        When(tried=True, hopeful=False, then=Value(P.FAILED)),
        default=Value(P.UNPAID), output_field=CharField(),
    )


def _fulfilment_state() -> Case:
    return Case(
        When(Q(returned__gt=0, returned__gte=F("shipped")), then=Value(S.RETURNED)),
        When(Q(wanted__gt=0, arrived__gte=F("wanted")), then=Value(S.DELIVERED)),
        When(Q(wanted__gt=0, shipped__gte=F("wanted")), then=Value(S.FULFILLED)),
        When(shipped__gt=0, then=Value(S.PARTIAL)),
        default=Value(S.UNFULFILLED), output_field=CharField(),
    )
