"""B62 to B66: the counts kept event by event are those summed over all events, whatever happened on the way."""

from __future__ import annotations

import random
import uuid
from collections import Counter
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.db.models import Sum
from django.test import Client, override_settings
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from prometheus_client.parser import text_string_to_metric_families

from orders import subscribers
from orders.analytics import metrics, rebuild, tallies
from orders.analytics.fold import Key, bucket_of
from orders.models import EVER, Line, Order, Tally
from orders.operations import cancel, cancel_units, fulfil, process, return_goods
from tests import makers
from tests.returns import makers as returns
from timeline import relay, subscriptions
from timeline.models import Delivery
from timeline.operations import operation

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

pytestmark = pytest.mark.django_db
COUNTER = rebuild.COUNTER


def count_all() -> None:
    """Hand over what the counter is owed, in order, as the relay does."""
    Delivery.objects.exclude(subscriber=COUNTER).update(state="done")
    relay.drain(60)


@pytest.fixture
def dying(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[Any], None]]:
    """Make the counter raise after its writes when the choice says so: the transaction goes back with them."""
    choice: list[Any] = []
    known = subscriptions.named(COUNTER)

    def handler(op: Any, event: Any) -> None:
        subscribers.counted(op, event)
        if choice and choice[-1]():
            raise RuntimeError("killed")

    monkeypatch.setitem(
        subscriptions._by_name, COUNTER, subscriptions.Subscriber(COUNTER, known.kinds, handler, inside=True)
    )
    yield choice.append
    choice.clear()


def due_now() -> None:
    """The time to try again has come."""
    Delivery.objects.filter(subscriber=COUNTER, state="due").update(due_at=timezone.now())


def walk(order: Order, chance: random.Random) -> None:
    """Some of an order's life, as chance has it."""
    step = chance.choice(["leave", "pay", "pay", "units", "cancel", "ship", "deliver", "deliver"])
    if step == "cancel":
        with operation("test.cancel", actor=makers.STAFF, stream=str(order.pk)) as op:
            cancel.cancel(op, order_id=order.pk)
        return
    if step == "leave":
        return
    makers.capture(order)
    if step == "units":
        line = Line.objects.filter(order=order).order_by("place")[0]
        with operation("test.units", actor=makers.STAFF, stream=str(order.pk)) as op:
            cancel_units.cancel_units(op, order_id=order.pk, items={line.pk: 1}, code="other", reason="one less")
    if step in ("ship", "deliver"):
        with operation("test.walk", actor=makers.STAFF, stream=str(order.pk)) as op:
            process.start_processing(op, order_id=order.pk)
            fulfil.ship_all(op, order_id=order.pk)
            if step == "deliver":
                fulfil.deliver_all(op, order_id=order.pk)


def test_after_a_random_history_with_crashes_rebuilt_equals_incremental(dying: Callable[[Any], None]) -> None:
    chance = random.Random(20261128)
    people = [uuid.uuid4() for _ in range(3)]
    skus = [makers.product(f"RND-{n}", price_minor=10_000 * n).sku for n in (1, 2, 3)]
    dying(lambda: chance.random() < 0.3)
    for _ in range(8):
        order = makers.placed_order(
            person_id=chance.choice(people), skus=chance.sample(skus, chance.randint(1, 2)), quantity=chance.randint(2, 3)
        )
        walk(order, chance)
        count_all()  # some of it dies, and is tried again later
        if chance.random() < 0.5:
            due_now()
    makers.paid_order(skus=skus[:1])
    assert Delivery.objects.filter(subscriber=COUNTER, state="due").exists()
    assert not rebuild.differences(), "what is not counted yet is on neither side"
    dying(lambda: False)
    due_now()
    count_all()
    assert not rebuild.differences()

    orders = Order.objects.all()
    counts = metrics.ever()
    assert counts.sum("placed") == 9
    assert counts.statuses() == {status: orders.filter(status=status).count() for status in Order.Status.values}
    stands = orders.exclude(status="cancelled")
    assert counts.sum("value") == stands.aggregate(n=Sum("total_minor"))["n"]
    by_person = Counter(stands.values_list("person_id", flat=True))
    assert (counts.sum("customers"), counts.sum("repeaters")) == (len(by_person), sum(n > 1 for n in by_person.values()))
    sold = {
        row["sku"]: row["n"] - row["c"]
        for row in Line.objects.filter(order__in=stands).values("sku").annotate(n=Sum("quantity"), c=Sum("quantity_cancelled"))
    }
    assert {product.sku: product.sold for product in metrics.best_sellers()} == sold


def test_a_delivery_told_twice_is_counted_once() -> None:
    makers.placed_order()
    delivery = Delivery.objects.select_related("event").get(subscriber=COUNTER, event__kind="order.placed")
    delivery.lease_token = uuid.uuid4()
    Delivery.objects.filter(pk=delivery.pk).update(lease_token=delivery.lease_token)
    relay._hand_over(delivery)
    relay._hand_over(delivery)
    assert metrics.ever().sum("placed") == 1


def test_wrong_counts_are_found_and_put_right_and_a_second_time_nothing_is() -> None:
    order = makers.paid_order()
    count_all()
    with operation("test.spoil", actor=makers.TESTER) as op:
        tallies.add(op, counts={Key(timezone.localdate(), "placed", currency="INR", channel="web"): 5})
        tallies.add(op, counts={Key(EVER, "value", currency="INR", channel="web"): -1, tallies.REPEATERS: 3})
        tallies.count_customers(op, orders={order.person_id: 2})
    with pytest.raises(CommandError):
        call_command("metrics", "rebuild", "--check", verbosity=0)
    call_command("metrics", "rebuild", "--apply", verbosity=0)
    assert rebuild.apply() == 0
    counts = metrics.ever()
    assert (counts.sum("placed"), counts.sum("value"), counts.sum("repeaters")) == (1, order.total_minor, 0)


def test_orders_older_than_the_counts_are_counted_by_a_rebuild() -> None:
    makers.paid_order()
    Delivery.objects.filter(subscriber=COUNTER).delete()
    assert rebuild.differences()
    rebuild.apply()
    assert metrics.ever().sum("captured") == Order.objects.get().total_minor
    assert not rebuild.differences()


def test_the_shards_of_a_count_are_one_number() -> None:
    for _ in range(6):
        makers.placed_order()
    count_all()
    rows = Tally.objects.filter(name="placed", day=EVER)
    assert rows.count() > 1
    assert rows.aggregate(n=Sum("value"))["n"] == 6


def families() -> dict[str, Any]:
    """`/metrics` as a collector reads it."""
    answer = Client().get("/metrics")
    assert answer.headers["Content-Type"].startswith("text/plain; version=0.0.4")
    return {family.name: family for family in text_string_to_metric_families(answer.content.decode())}


def values(family: Any) -> dict[tuple[str, ...], float]:
    """The samples by their labels."""
    return {tuple(sample.labels.values()): sample.value for sample in family.samples}


def test_metrics_have_the_names_and_types_of_the_documents_and_add_up() -> None:
    person = uuid.uuid4()
    sku = makers.product("TEA-1", price_minor=10_000).sku
    first = makers.delivered_order(person_id=person, skus=[sku], quantity=2)
    makers.placed_order(person_id=person, skus=[sku], quantity=1)
    makers.checkout_ready()
    gone = makers.placed_order()
    with operation("test.cancel", actor=makers.STAFF, stream=str(gone.pk)) as op:
        cancel.cancel(op, order_id=gone.pk)
    ret = returns.approved(first)
    returns.do(ret, lambda op: return_goods.receive(op, return_id=ret.pk))
    count_all()

    found = families()
    gauges = (
        "order_conversion_rate", "order_average_value", "order_cancellation_rate", "order_status_distribution",
        "repeat_customer_rate", "average_order_frequency", "customer_lifetime_value", "best_selling_products",
        "product_return_rate", "inventory_turnover",
    )
    assert {found[name].type for name in gauges} == {"gauge"}
    assert {found[f"order_{name}_duration"].type for name in ("processing", "shipping", "delivery")} == {"histogram"}
    assert all(found[name].documentation for name in gauges)

    assert values(found["order_conversion_rate"]) == {(): 0.75}
    assert values(found["order_cancellation_rate"]) == {(): pytest.approx(1 / 3)}
    assert values(found["repeat_customer_rate"]) == {(): 1.0}
    assert values(found["average_order_frequency"]) == {(): 2.0}
    assert values(found["customer_lifetime_value"]) == {("INR",): float(first.total_minor)}
    assert values(found["best_selling_products"]) == {(sku,): 3.0}
    assert values(found["order_status_distribution"])[("delivered",)] == 1
    assert values(found["product_return_rate"])[(sku,)] == pytest.approx(1 / 3)
    lasted = {sample.name: sample for sample in found["order_delivery_duration"].samples if "le" not in sample.labels}
    assert lasted["order_delivery_duration_count"].value == 1


def test_durations_fall_into_buckets_by_their_upper_ends() -> None:
    assert [bucket_of("processing", s) for s in (0, 900, 901, 604_800, 604_801)] == ["900", "900", "3600", "604800", "inf"]


@override_settings(METRICS_TOKEN="s3cret")
def test_metrics_can_be_kept_from_strangers() -> None:
    assert Client().get("/metrics").status_code == 401
    assert Client().get("/metrics", headers={"Authorization": "Bearer s3cret"}).status_code == 200


def test_metrics_cost_the_same_for_one_order_as_for_five() -> None:
    costs = []
    for orders in (1, 4):
        for _ in range(orders):
            makers.placed_order()
        count_all()
        with CaptureQueriesContext(connection) as asked:
            Client().get("/metrics")
        costs.append(len(asked))
    assert costs[0] == costs[1] < 15


def test_readiness_knows_a_stalled_relay_and_forgives_what_waits_behind_a_parked_one() -> None:
    makers.paid_order()
    late = timezone.now() - timedelta(hours=1)
    Delivery.objects.update(due_at=late)
    assert Client().get("/readyz").json()["checks"]["deliveries"] is False
    owed = Delivery.objects.filter(subscriber=COUNTER).order_by("id")
    streams = {row.stream: row.pk for row in reversed(owed)}
    Delivery.objects.exclude(subscriber=COUNTER).update(state="done")
    owed.filter(pk__in=streams.values()).update(state="parked")
    assert owed.filter(state="due").exists()
    assert Client().get("/readyz").json()["checks"]["deliveries"] is True
