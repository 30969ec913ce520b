"""The invariants of a sound shop, each as a check that names the row which breaks it (RELIABILITY, section 4)."""

from __future__ import annotations

import hashlib
import random
from dataclasses import dataclass
from datetime import timedelta
from importlib import metadata
from itertools import chain
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.db import connection, transaction
from django.db.models import Count, Exists, Max, Min, OuterRef, Prefetch, Sum
from django.utils import timezone

from inventory import reconciliation as stock
from orders import as_of
from orders.analytics import rebuild
from orders.documents import audit
from orders.models import Order, OrderRevision
from orders.operations import axes
from orders.pricing import revision, snapshot
from orders.pricing.told import is_told
from orders.privacy import erasures
from orders.reconciliation import report
from payments import reconciliation as money
from payments.models import ClosedDay, Entry, Posting
from timeline import queries, triggers
from timeline.models import Delivery, Event, Stream
from timeline.transitions import machine, machines

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

CHUNK = 500
ROWS_NAMED_MAX = 200
FOLDED_ORDERS_MAX = 100
# What an order sums up, and what of a line it is the sum of.
_SUMMED = {"subtotal_minor": "value_minor", **{name: name for name in ("discount_minor", "gst_minor", "cgst_minor", "sgst_minor", "igst_minor")}}
SEAL_MINUTES_MAX = timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class Finding:
    """One row that breaks one invariant."""

    check: str
    row: str
    says: str


def examine() -> list[Finding]:
    """Every finding of every check, at most 200 a check, all of one moment: the shop may sell on meanwhile."""
    findings = []
    with transaction.atomic():
        if connection.vendor == "postgresql" and not connection.savepoint_ids:
            with connection.cursor() as cursor:
                cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
        for check in CHECKS:
            for number, (row, says) in enumerate(check(), start=1):
                if number > ROWS_NAMED_MAX:
                    findings.append(Finding(check.__name__, "…", "and more"))
                    break
                findings.append(Finding(check.__name__, row, says))
    return findings


def secrets_set() -> Iterator[tuple[str, str]]:
    """The process has what it needs to keep a secret."""
    for name in ("SECRET_KEY", "VAULT_KEYS"):
        if not getattr(settings, name):
            yield name, "is not set"


def one_state_machine_library() -> Iterator[tuple[str, str]]:
    """`django-fsm` and `django-fsm-2` write the same folder; only ours may be there."""
    if any(found.metadata["Name"].lower() == "django-fsm" for found in metadata.distributions()):
        yield "django-fsm", "is installed beside django-fsm-2 and may have overwritten it"


def orders_fold_to_their_rows() -> Iterator[tuple[str, str]]:
    """A sample of orders, the newest and others by chance, is what its events say; those with work under way are left out."""
    under_way = Delivery.objects.filter(stream=OuterRef("stream_id"), state__in=(Delivery.State.DUE, Delivery.State.PARKED))
    still = Order.objects.filter(~Exists(under_way))
    sample = {order.pk: order for order in still.order_by("-created_at")[:FOLDED_ORDERS_MAX]}
    ends = Order.objects.aggregate(oldest=Min("created_at"), newest=Max("created_at"))
    if ends["oldest"] is not None:
        start = ends["oldest"] + (ends["newest"] - ends["oldest"]) * random.random()  # noqa: S311 a sample, no secret
        sample |= {order.pk: order for order in still.filter(created_at__gte=start).order_by("created_at")[:FOLDED_ORDERS_MAX]}
    for order, gap in as_of.gaps(list(sample.values())):
        yield f"{order.number}: {gap.row} {gap.field}", f"is {gap.there}, its events say {gap.told}"


def guard_present() -> Iterator[tuple[str, str]]:
    """The database's own guard is complete."""
    for name in triggers.missing():
        yield name, f"trigger is missing on {connection.vendor}; run migrate"


def states_follow_their_events() -> Iterator[tuple[str, str]]:
    """I5: the story of every machine is legal step by step and ends where the row is."""
    for model in machines():
        legal = {(step.source, step.target) for step in machine(model).steps} | {("", s) for s in machine(model).initial}
        adopted = _adopted(model)
        last: dict[str, str | None] = dict.fromkeys(adopted)
        told = Event.objects.filter(subject_type=model._meta.label_lower).exclude(to_state="").order_by("id")
        for subject, before, after in told.values_list("subject_id", "from_state", "to_state").iterator(chunk_size=CHUNK):
            if last.get(subject, "") not in (before, None) or (before, after) not in legal:
                yield f"{model._meta.label} {subject}", f"has an impossible step {before or 'nothing'} to {after}"
            last[subject] = after
        for pk, status in model._base_manager.values_list("pk", *("status",)).iterator(chunk_size=CHUNK):
            if last.get(pk.hex) != status and not (pk.hex in adopted and last[pk.hex] is None):
                yield f"{model._meta.label} {pk}", f"is {status}, its events say {last.get(pk.hex)}"


def _adopted(model: Any) -> set[str]:
    """Rows that are older than their machine: their story begins with their next step."""
    flag = getattr(model, "ADOPTED", "")
    return {pk.hex for pk in model._base_manager.filter(**{flag: True}).values_list("pk", flat=True)} if flag else set()


def events_are_whole() -> Iterator[tuple[str, str]]:
    """I6: every event's hash is that of its canonical bytes."""
    for pk, canonical, leaf in Event.objects.values_list("pk", "canonical", "leaf_hash").iterator(chunk_size=CHUNK):
        if hashlib.sha256(b"\x00" + bytes(canonical)).digest() != bytes(leaf):
            yield f"timeline.Event {pk}", "does not match its hash"


def stories_have_no_gap() -> Iterator[tuple[str, str]]:
    """Every story counts 1, 2, 3 … up to its length."""
    lengths = dict(Stream.objects.values_list("stream", "seq"))
    counted = Event.objects.values("stream").annotate(n=Count("id"), low=Min("stream_seq"), high=Max("stream_seq"))
    for row in counted.order_by("stream").iterator(chunk_size=CHUNK):
        if (row["low"], row["high"], lengths.get(row["stream"])) != (1, row["n"], row["n"]):
            yield f"timeline.Stream {row['stream']}", f"has {row['n']} events and says {lengths.get(row['stream'])}"


def log_is_sealed() -> Iterator[tuple[str, str]]:
    """What was told is sealed within minutes. Whether the log is what was signed, `manage.py verify` says."""
    late = timezone.now() - SEAL_MINUTES_MAX
    event = Event.objects.filter(position=None, recorded_at__lt=late).order_by("id").first()
    if event is not None and settings.SEAL_KEYS:
        yield f"timeline.Event {event.pk}", f"is not sealed since {event.recorded_at:%Y-%m-%d %H:%M}; does a worker run?"


def deliveries_arrive() -> Iterator[tuple[str, str]]:
    """I9: nothing is parked, nothing is due for longer than minutes."""
    for delivery in queries.parked():
        yield f"timeline.Delivery {delivery.pk}", f"{delivery.subscriber} is parked: {delivery.error[:120]}"
    for delivery in queries.stuck():
        yield f"timeline.Delivery {delivery.pk}", f"{delivery.subscriber} is due since {delivery.due_at:%Y-%m-%d %H:%M}"


def erased_stay_erased() -> Iterator[tuple[str, str]]:
    """Nobody is back who was erased: a restored backup is held against the file of erasures."""
    back = erasures.alive_but_noted()
    if back:
        yield str(back), "people are back who were erased; run `manage.py privacy reapply`"


def stock_adds_up() -> Iterator[tuple[str, str]]:
    """I1, I2: levels are the sum of their movements, what is held is the sum of the live holds."""
    for difference in stock.differences():
        yield "inventory.Level", str(difference)


def money_adds_up() -> Iterator[tuple[str, str]]:
    """I3: what went back or is on its way is the sum of the refunds, and not more than was captured."""
    for difference in money.differences():
        yield "payments.Payment", str(difference)


def orders_add_up() -> Iterator[tuple[str, str]]:
    """I12: every order is the sum of its lines, its axes are what payments and lines say, each version gives its own total."""
    owed = Delivery.objects.filter(stream=OuterRef("stream_id"), state=Delivery.State.DUE, subscriber__startswith="orders.subscribers.")
    every = Order.objects.annotate(is_moving=Exists(owed)).prefetch_related(
        "lines", Prefetch("order_payments__payment", axes.attempts()), Prefetch("revisions", OrderRevision.objects.order_by("number"))
    )
    for order in every.order_by("pk").iterator(chunk_size=CHUNK):
        says = chain(_unlike_its_lines(order), _unlike_its_axes(order), _unlike_its_versions(order))
        yield from ((f"orders.Order {order.number}", one) for one in says)


def documents_add_up() -> Iterator[tuple[str, str]]:
    """Z6: every series is 1 to n without gap, and the documents together say what the ledger says."""
    for difference in audit.differences():
        yield "orders.Document", difference


def books_balance() -> Iterator[tuple[str, str]]:
    """Every entry sums to zero, every closed day is the one that was sealed, and what moved money is booked."""
    for row in Posting.objects.values("entry").annotate(sum=Sum("amount_minor")).exclude(sum=0).order_by("entry"):
        yield f"payments.Entry {row['entry']}", f"sums to {row['sum']}"
    for day in ClosedDay.objects.order_by("day").iterator(chunk_size=CHUNK):
        if report.digest_of(day.report) != day.digest:
            yield f"payments.ClosedDay {day.day}", "does not match its digest"
    moving = Event.objects.filter(kind__in=("payment.captured", "refund.processed", "claim.paid"))
    unbooked = moving.exclude(Exists(Entry.objects.filter(event=OuterRef("pk")))).order_by("pk")
    for pk, kind in unbooked.values_list("pk", "kind").iterator(chunk_size=CHUNK):
        yield f"timeline.Event {pk}", f"is a {kind} that is in no entry of the books"


def counts_add_up() -> Iterator[tuple[str, str]]:
    """What metrics and reports read is what the events say; `manage.py metrics rebuild --apply` puts it right."""
    for what, says in rebuild.differences().lines():
        yield f"orders.Tally {what}", says


def _unlike_its_lines(order: Order) -> Iterator[str]:
    if is_told(order.pricing_snapshot):  # a channel also discounts and taxes whole orders
        return
    for column, of_line in _SUMMED.items():
        here, there = getattr(order, column), sum(getattr(line, of_line) for line in order.lines.all())
        if here != there:
            yield f"{column} is {here}, its lines say {there}"


def _unlike_its_axes(order: Order) -> Iterator[str]:
    if getattr(order, "is_moving"):  # noqa: B009 annotated: a payment or parcel has moved, and the axes follow in a moment
        return
    derived = axes.derive(payments=[link.payment for link in order.order_payments.all()], lines=order.lines.all())
    for name in axes.Axes.__slots__:
        stored, fresh = getattr(order, name), getattr(derived, name)
        if stored != fresh:
            yield f"{name} is {stored}, derived it is {fresh}"


def _unlike_its_versions(order: Order) -> Iterator[str]:
    """Of each version, the placement's and each edit's: what it says it costs, and what it costs computed again."""
    versions = [(0, order.pricing_snapshot["totals"]["total"], snapshot.recompute(order.pricing_snapshot, order.discount_snapshot).total_minor)]
    versions += [(row.number, row.total_minor, revision.recompute_revision(row.pricing).total_minor) for row in order.revisions.all()]
    for number, said, again in versions:
        if said != again:
            yield f"version {number} costs {said}, computed again it is {again}"
    if [number for number, _, _ in versions] != list(range(order.revision + 1)):
        yield f"says it has {order.revision} versions and has others"
    if versions[-1][1] != order.total_minor:
        yield f"costs {order.total_minor}, its snapshot says {versions[-1][1]}"


CHECKS: tuple[Callable[[], Iterator[tuple[str, str]]], ...] = (
    secrets_set,
    one_state_machine_library,
    guard_present,
    states_follow_their_events,
    events_are_whole,
    stories_have_no_gap,
    log_is_sealed,
    deliveries_arrive,
    erased_stay_erased,
    stock_adds_up,
    money_adds_up,
    orders_add_up,
    orders_fold_to_their_rows,
    documents_add_up,
    books_balance,
    counts_add_up,
)
