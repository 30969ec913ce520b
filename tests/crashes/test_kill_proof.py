"""A consumer follows the shop while everything around it is killed: what it knows in the end is what the source knows.

Run by `make kill-proof`; `KILL_SECONDS` is how long (600), `CRASH_SEED` repeats a plan, `KILL_ENGINES` names the engines. Sealer, relay,
worker, web, broker and the receiver itself die at random under load. The receiver is written with `standardwebhooks` alone.
"""

from __future__ import annotations

import base64
import json
import os
import random
import sqlite3
import sys
import time
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest
import requests

from tests.crashes import load as loads
from tests.crashes import stack as stacks
from tests.crashes.load import Load
from tests.crashes.stack import HOST, Program, Stack, free_port
from timeline.log.merkle import Frontier

SECONDS = int(os.environ.get("KILL_SECONDS", "0"))
SEED = int(os.environ.get("CRASH_SEED", "20261128"))
ENGINES = os.environ.get("KILL_ENGINES", "postgresql").split(",")
BETWEEN_S = (0.6, 2.5)
DRAIN_STALL_S, DRAIN_S_MAX = 120, 3600  # however much is owed after so much harm: it has to become less all the time
PUT_OFF = timedelta(seconds=3)
TARGETS = {
    "sqlite": ["web child", "runner", "receiver", "receiver"],
    "postgresql": ["web child", "worker", "worker child", "worker child", "beat", "receiver", "receiver", "redis", "redis flushed"],
}
SOURCE = "SELECT position, leaf_hash, kind FROM timeline_event WHERE position IS NOT NULL ORDER BY position"
OWED = (
    "SELECT (SELECT count(*) FROM timeline_dispatch WHERE state <> 'done') + (SELECT count(*) FROM timeline_event WHERE position IS NULL)"
    " + (SELECT count(*) FROM timeline_event WHERE position >= (SELECT cursor FROM timeline_endpoint LIMIT 1))"
    " + (SELECT count(*) FROM timeline_delivery WHERE state IN ('due', 'parked'))"
)

pytestmark = [pytest.mark.crash, pytest.mark.skipif(not SECONDS, reason="make kill-proof")]


@pytest.fixture(params=ENGINES)
def shop(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Stack]:
    made = Stack(tmp_path, "" if request.param == "sqlite" else stacks.postgres_url(), more={"ENDPOINTS_PRIVATE": "1", "SEAL_KEYS": stacks.SEAL_KEY})
    try:
        made.up()
        yield made
    finally:
        made.down()


def test_f81_f85_a_consumer_misses_nothing_and_does_nothing_twice(shop: Stack, tmp_path: Path) -> None:
    port, file = free_port(), tmp_path / "consumer.sqlite3"
    headers = {"Authorization": f"Bearer {shop.staff_key}"}
    wish = {"name": "consumer", "url": f"http://{HOST}:{port}/", "kinds": ["*"], "payload": "full"}
    made = requests.post(f"{shop.url}/admin/endpoints", json=wish, headers=headers, timeout=20)
    assert made.status_code == 201, made.text
    start = made.json()["cursor"]
    command = [sys.executable, "-m", "tests.crashes.consumer", str(port), str(file), made.json()["secret"]]
    receiver = Program("receiver", command, shop.environment, tmp_path / "receiver.log")
    receiver.start()
    shop.programs["receiver"] = receiver

    loads.ORDERS_MAX = 100_000
    load, began = Load(shop, SEED), time.monotonic()
    load.start()
    kills = _harm(shop, began + SECONDS)
    load.finish()
    owed, drained_s = _drained(shop)

    source = _rows(shop)
    told = _told(file)
    wanted = {position: leaf.hex() for position, leaf, kind in source if position >= start and not kind.startswith("endpoint.")}
    effects = {position: leaf for position, leaf, _, _ in told}
    figures = {
        "engine": "postgresql" if shop.database_url else "sqlite", "seconds": SECONDS, "seed": SEED, "kills": dict(kills), "killsTotal": kills.total(),
        "starts": {name: program.starts for name, program in shop.programs.items()}, "orders": len(load.bought), "events": len(source),
        "wanted": len(wanted), "effects": len(effects), "deliveriesTaken": sum(times for _, _, times, _ in told),
        "repeatsIgnored": sum(times - 1 for _, _, times, _ in told), "missing": len(wanted.keys() - effects.keys()),
        "surplus": len(effects.keys() - wanted.keys()), "owedAtTheEnd": owed, "drainedSeconds": round(drained_s, 1),
    }
    sys.stdout.write(f"\nkill-proof: {json.dumps(figures)}\n")

    assert [position for position, _, _ in source] == list(range(len(source))), "the log has a gap"
    assert effects == wanted, "the consumer's state is not the source's"
    assert len(told) == len(effects), "one event had two effects"
    _pulls_the_same(shop, [leaf for _, leaf, _ in source])


def _harm(shop: Stack, until_: float) -> Counter[str]:
    chance, kills = random.Random(SEED), Counter[str]()
    names = TARGETS["postgresql" if shop.database_url else "sqlite"]
    while time.monotonic() < until_:
        time.sleep(chance.uniform(*BETWEEN_S))
        what = chance.choice(names)
        if shop.kill(what, chance):
            kills[what] += 1
    return kills


def _drained(shop: Stack) -> tuple[int, float]:
    """Wait until nothing is owed any more: how much was, and how long it took. Fails when it does not become less."""
    first = least = shop.count(OWED)
    began = shrank = time.monotonic()
    while least:
        _revived(shop)
        now, left = time.monotonic(), shop.count(OWED)
        if left < least:
            least, shrank = left, now
        assert now - shrank < DRAIN_STALL_S, f"{left} of {first} are owed, and it has not become less for {DRAIN_STALL_S} s"
        assert now - began < DRAIN_S_MAX, f"{left} of {first} are owed after {DRAIN_S_MAX} s"
        sys.stdout.write(f"\rkill-proof: {left} of {first} are owed after {now - began:.0f} s ")
    return first, time.monotonic() - began


def _revived(shop: Stack) -> None:
    """A consumer that was dead for a while is paused or put off; what waits for its hour is asked for again, as a person would."""
    headers = {"Authorization": f"Bearer {shop.staff_key}"}
    endpoint = requests.get(f"{shop.url}/admin/endpoints", headers=headers, timeout=20).json()["data"][0]
    path = f"{shop.url}/admin/endpoints/{endpoint['id']}/deliveries"
    for state in ("due", "failed"):
        for row in requests.get(path, params={"state": state, "limit": 200}, headers=headers, timeout=20).json()["data"]:
            if state == "failed" or _is_put_off(row):
                requests.post(f"{shop.url}/admin/deliveries/{row['id']}/again", headers=headers, timeout=20)
    time.sleep(1)


def _is_put_off(row: dict[str, Any]) -> bool:
    """Waits for a later try; one that is on its way this moment is left alone."""
    return bool(row["attempts"]) and datetime.fromisoformat(row["dueAt"]) > datetime.now(tz=UTC) + PUT_OFF


def _rows(shop: Stack) -> list[tuple[int, bytes, str]]:
    if shop.database_url:
        with psycopg.connect(shop.database_url, autocommit=True) as link:
            return [(int(at), bytes(leaf), str(kind)) for at, leaf, kind in link.execute(SOURCE).fetchall()]
    with sqlite3.connect(shop.folder / "bahi.sqlite3", timeout=20) as file:
        return [(int(at), bytes(leaf), str(kind)) for at, leaf, kind in file.execute(SOURCE).fetchall()]


def _told(file: Path) -> list[tuple[int, str, int, int]]:
    """What the consumer has: place, leaf, how often it was told, how many effects it had."""
    with sqlite3.connect(file, timeout=20) as link:
        return link.execute("SELECT position, leaf, times, effects FROM told ORDER BY position").fetchall()


def _pulls_the_same(shop: Stack, leaves: list[bytes]) -> None:
    """Who pulls instead gets the same leaves, and they give the root that is signed."""
    headers, start, tree, note = {"Authorization": f"Bearer {shop.staff_key}"}, 0, Frontier(), ""
    while True:
        page: Any = requests.get(f"{shop.url}/api/v1/feed", params={"start": start, "limit": 1000}, headers=headers, timeout=60).json()
        found = [bytes.fromhex(event["data"]["leafHash"]) for event in page["data"]]
        assert found == leaves[start : start + len(found)]
        tree.add(found)
        start, note = page["next"], page["checkpoint"]
        if start >= page["size"]:
            break
    assert start == len(leaves)
    assert base64.b64decode(note.splitlines()[2]) == tree.root()
