"""F33-F36: web, workers and broker die at the worst moments; nothing acknowledged is lost, nothing happens twice.

Run by `make test-crashes`. `CRASH_SEED` repeats a run's plan, `CRASH_ROUNDS` lengthens it.
"""

from __future__ import annotations

import json
import os
import random
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.crashes import stack as stacks
from tests.crashes.dying import WISH
from tests.crashes.load import STAGES, Load
from tests.crashes.stack import ROOT, Stack, until

SEED = int(os.environ.get("CRASH_SEED", "20261121"))
ROUNDS = int(os.environ.get("CRASH_ROUNDS", "15"))
DEATHS_PER_MILLE = 15
BETWEEN_S = (1.2, 3.2)
AIM_S = {"placement": 0.08, "capture": 0.4, "refund": 0.3}  # how long after the call the harm comes, at most
MOMENT_S = 4.0
DRAIN_S = 70 + 10 + 30  # the lease, its allowance (F33), and the sandbox's own repeats of notices
QUIET_S = 3.0
TARGETS = {
    "sqlite": ["web child", "web", "runner", "runner"],
    "postgresql": ["web child", "web", "worker", "worker child", "redis flushed", "redis"],
}
OPEN = (
    "SELECT (SELECT count(*) FROM timeline_delivery WHERE state IN ('due', 'parked'))"
    " + (SELECT count(*) FROM payments_notice WHERE handled_at IS NULL)"
    " + (SELECT count(*) FROM payments_refund WHERE status IN ('pending', 'in_doubt'))"
    " + (SELECT count(*) FROM payments_payment WHERE status <> 'captured')"
)

pytestmark = pytest.mark.crash


@pytest.fixture(params=["sqlite", "postgresql"])
def shop(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Stack]:
    url = "" if request.param == "sqlite" else stacks.postgres_url()
    made = Stack(tmp_path, url)
    try:
        made.up()
        yield made
    finally:
        made.down()


@pytest.fixture
def quiet_shop(tmp_path: Path) -> Iterator[Stack]:
    made = Stack(tmp_path, "")
    try:
        yield made
    finally:
        made.down()


def test_f33_f34_f35_kills_around_placement_capture_and_refund(shop: Stack) -> None:
    """I8, I9: acknowledged is kept, asked once is done once, and all is done soon after the last harm."""
    engine = "postgresql" if shop.database_url else "sqlite"
    load = Load(shop, SEED)
    began = time.monotonic()
    load.start()

    shop.deadly(DEATHS_PER_MILLE)
    kills = _harm(shop, load, engine)
    shop.deadly(0)
    harmed_s = time.monotonic() - began
    drained_s = _drain(shop, load)

    replayed = _ask_again(load)
    found = json.loads(shop.run("-m", "tests.crashes.audit"))
    _print(engine, load, kills, found, harmed_s=harmed_s, drained_s=drained_s, replayed=replayed)
    _orders_once(load, found)
    _money_agrees(shop, load, found)
    _nothing_twice(found)
    _nothing_left(found)
    if (ROOT / "config/management/commands/doctor.py").exists():
        shop.run("manage.py", "doctor")


def test_control_without_the_key_a_lost_reply_is_money_given_twice(quiet_shop: Stack) -> None:
    """The web process dies between commit and reply (F34): with the key once, without it twice."""
    shop = quiet_shop
    shop.up()
    load = Load(shop, SEED)
    path = f"/admin/orders/{load.paid_one(random.Random(SEED)).order_id}/refund"
    body = {"amount": 100, "reason": "Broken in the post", "initiatePaymentRefund": True}

    def lose(key: str) -> None:
        headers = {"Authorization": f"Bearer {shop.staff_key}", "Idempotency-Key": key, WISH: "1"}
        with pytest.raises(requests.ConnectionError):
            requests.post(shop.url + path, json=body, headers=headers, timeout=20)

    def refunds_after(key: str) -> int:
        load.call("POST", path, body, token=shop.staff_key, key=key, expect=201)
        return shop.count("SELECT count(*) FROM payments_refund")

    lose("refund-first")
    assert refunds_after("refund-first") == 1, "the guard: the repeat under the same key must find the first"
    lose("refund-second")
    assert refunds_after("refund-third") == 3, "the control: the repeat under a new key must go wrong"


def test_control_a_relay_that_ticks_off_first_loses_the_payment(quiet_shop: Stack) -> None:
    """F33: the runner dies after the gateway made the order. Ticked off before, nobody ever comes back to it."""
    shop = quiet_shop
    (shop.folder / "tick-off-first").touch()
    shop.up()
    shop.deadly(1000)
    Load(shop, SEED).place_one(random.Random(SEED))
    until(lambda: shop.programs["runner"].starts > 1, "the runner to die", 20)
    shop.deadly(0)
    until(lambda: not shop.count("SELECT count(*) FROM timeline_delivery WHERE state = 'due'"), "all ticked off", 90)  # what the dead one had in hand besides comes back with its lease
    assert len(shop.gateway_all("/orders")) == 1
    assert shop.count("SELECT count(*) FROM payments_payment WHERE status = 'opening'") == 1


def _harm(shop: Stack, load: Load, engine: str) -> Counter[str]:
    """Kill by turns, each time just after a placement, a payment or a refund set out."""
    chance = random.Random(SEED)
    plan = [TARGETS[engine][number % len(TARGETS[engine])] for number in range(ROUNDS)]
    chance.shuffle(plan)
    kills: Counter[str] = Counter()
    for number, what in enumerate(plan):
        time.sleep(chance.uniform(*BETWEEN_S))
        stage = STAGES[number % len(STAGES)]
        load.moments[stage].clear()
        load.moments[stage].wait(MOMENT_S)
        time.sleep(chance.uniform(0, AIM_S[stage]))
        if shop.kill(what, chance):
            kills[what] += 1
    assert kills.total() >= ROUNDS * 2 // 3, f"too few kills hit: {kills}"
    return kills


def _drain(shop: Stack, load: Load) -> float:
    """Seconds from the last kill until nothing was open any more."""
    began = time.monotonic()
    load.finish()

    def quiet() -> bool:
        if shop.count(OPEN) or shop.gateway("/faults")["outbox"].get("pending", 0):
            return False
        time.sleep(QUIET_S)
        return shop.count(OPEN) == 0

    until(quiet, f"everything open to be done; {shop.count(OPEN)} left", DRAIN_S)
    return time.monotonic() - began - QUIET_S


def _ask_again(load: Load) -> int:
    """Every acknowledged request gives the same answer under its key (I8)."""
    for bought in load.bought:
        path = f"/storefront/checkouts/{bought.checkout_id}/complete"
        again = load.call("POST", path, {}, token=bought.token, key=bought.key, expect=201)
        assert again.headers["Idempotent-Replayed"] == "true"
        assert again.json()["order"]["id"] == bought.order_id
        for given in bought.refunds:
            path = f"/admin/orders/{bought.order_id}/refund"
            again = load.call("POST", path, given.body, token=load.stack.staff_key, key=given.key, expect=201)
            assert again.json()["id"] == given.refund_id
    return len(load.bought) + sum(len(bought.refunds) for bought in load.bought)


def _orders_once(load: Load, found: dict[str, Any]) -> None:
    acknowledged = Counter(bought.order_id for bought in load.bought)
    assert len(load.bought) > ROUNDS, "too little happened to show anything"
    assert max(acknowledged.values()) == 1, "two keys were answered with one order"
    assert {row["id"] for row in found["orders"]} == set(acknowledged), "orders lost, or made that nobody asked for"
    assert len({row["number"] for row in found["orders"]}) == len(found["orders"])
    assert found["checkouts"] == load.checkouts
    whole = {b.order_id for b in load.bought if sum(g.body["amount"] for g in b.refunds) == b.total_minor}
    states = {row["id"]: row["status"] for row in found["orders"]}
    wrong = {pk: said for pk, said in states.items() if said != ("refunded" if pk in whole else "confirmed")}
    assert not wrong, "paid orders that are not confirmed, or given back and not refunded"


def _money_agrees(shop: Stack, load: Load, found: dict[str, Any]) -> None:
    theirs = {row["id"]: row for row in shop.gateway_all("/payments")}
    captured = {pk: row for pk, row in theirs.items() if row["captured"]}
    ours = {row["gateway_payment_id"]: row for row in found["payments"]}
    orders = {row["id"]: row for row in found["orders"]}
    assert set(captured) == set(ours) == set(theirs), "payments that only one side knows"
    assert len(shop.gateway_all("/orders")) == len(found["payments"]), "a payment has two orders at the gateway"
    for pk, row in captured.items():
        mine, order = ours[pk], orders[ours[pk]["stream"]]
        assert row["amount"] == mine["captured_minor"] == order["paid_minor"] == order["total_minor"]
        assert row["amount_refunded"] == mine["refunded_minor"] == order["refunded_minor"]
        assert mine["pending_refund_minor"] == 0

    asked = {given.refund_id: given.body["amount"] for bought in load.bought for given in bought.refunds}
    assert len(asked) > 0, "no refund was given"
    assert {row["id"]: row["amount_minor"] for row in found["refunds"]} == asked, "refunds lost or made twice"
    back: dict[str, list[int]] = defaultdict(list)
    for refund in shop.gateway_all("/refunds"):
        back[refund["id"]].append(refund["amount"])
    mine_back = {row["gateway_refund_id"]: [row["amount_minor"]] for row in found["refunds"]}
    assert dict(back) == mine_back, "the gateway gave back something else than was acknowledged"
    assert found["money_differences"] == []


def _nothing_twice(found: dict[str, Any]) -> None:
    assert found["repeated_events"] == []
    assert found["repeated_messages"] == []
    assert found["repeated_tellings"] == []
    assert found["tellings"] == 2 * len(found["orders"]), "a customer was not told of placement and of confirmation"
    assert found["stock_differences"] == []
    assert found["held"] == found["units_of_open_orders"]


def _nothing_left(found: dict[str, Any]) -> None:
    assert set(found["deliveries"]) == {"done"}, found["deliveries"]
    assert found["unhandled_notices"] == 0
    assert found["unsent_messages"] == 0


def _print(engine: str, load: Load, kills: Counter[str], found: dict[str, Any], **figures: float) -> None:
    words = {
        "engine": engine, "seed": SEED, "kills": dict(kills), "killsTotal": kills.total(),
        "orders": len(load.bought), "refunds": sum(len(bought.refunds) for bought in load.bought),
        "starts": {name: program.starts for name, program in load.stack.programs.items()},
        "tally": dict(load.tally), "deliveries": found["deliveries"], "retriedDeliveries": found["retried_deliveries"],
        "messages": found["messages"], **{name: round(value, 1) for name, value in figures.items()},
    }
    sys.stdout.write(f"\ncrashes: {json.dumps(words)}\n")
