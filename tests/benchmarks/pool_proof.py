"""`make pool-proof`: more threads than connections, on PostgreSQL (B90, F44).

Two web processes of sixteen threads each, ten connections a process. Four stretches: a crowd reads and every call is answered
though it waits for a connection; refused and failing calls give theirs back; a table locked by another session makes every
connection busy, which is a clean 503 and over when the lock is; the server ends all connections at once, and who had one in hand
sees at most a clean 503. PostgreSQL is asked all the while how many connections there are.
"""

from __future__ import annotations

import http.client
import json
import os
import tempfile
import threading
import time
import uuid
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg

from config.settings import _POSTGRES
from tests.benchmarks import served

WORKERS, THREADS = 2, 16
CLIENTS = WORKERS * THREADS
STRETCH_S = float(os.environ.get("POOL_S", "10"))
ORDERS, REPLY_S, AGAIN_S = 20, 60.0, 3.0
_pool: Any = _POSTGRES["OPTIONS"]
CONNECTIONS_MAX = WORKERS * int(_pool["pool"]["max_size"])
HERE = "SELECT {} FROM pg_stat_activity WHERE datname = current_database() AND usename = %s"


def main() -> None:
    """The four stretches; the exit code says whether each went as it must."""
    with tempfile.TemporaryDirectory() as folder, served.role("pool") as role, served.database("pool") as name:
        owner = served.environment(Path(folder), name)
        served.run(owner, "manage.py", "migrate", "--verbosity", "0")
        environment = served.working_as(role, owner)
        known = json.loads(served.start(environment, "-m", "tests.benchmarks.traffic_seed", str(ORDERS)).communicate()[0])
        with (
            served.web(environment, Path(folder), workers=WORKERS, threads=THREADS) as (_, port),
            psycopg.connect(owner["DATABASE_URL"], autocommit=True) as link,
        ):
            proof = Proof(port=port, known=known, link=link, role=role, address=owner["DATABASE_URL"])
            right = [proof.crowd(), proof.faults(), proof.locked(), proof.ended()]
        if not all(right):
            raise SystemExit("not as it must be")


class Proof:
    """The clients, and the eye on the server."""

    def __init__(self, *, port: int, known: dict[str, Any], link: psycopg.Connection[Any], role: str, address: str) -> None:
        self.port, self.known, self.link, self.role, self.address = port, known, link, role, address

    def crowd(self) -> bool:
        """Everything is answered, with no connection beyond the pools."""
        with self.watched() as peak:
            answers = self.rush(self.read)
        return self.say("crowd", answers, set(answers) == {200}, f"{peak[0]} connections at most of {CONNECTIONS_MAX}", peak)

    def faults(self) -> bool:
        """Calls that are refused leave no connection behind: the next crowd is answered, nothing stays in a transaction."""
        with self.watched() as peak:
            answers = self.rush(self.refused)
        time.sleep(0.5)
        (open_still,) = self.ask("count(*) FILTER (WHERE state LIKE 'idle in transaction%%')")
        after = self.rush(self.read, seconds=STRETCH_S / 3)
        right = set(answers) <= {400, 404, 409, 422} and open_still == 0 and set(after) == {200}
        return self.say("refused calls", answers, right, f"{open_still} left in a transaction; then {dict(after)}", peak)

    def locked(self) -> bool:
        """A table nobody may read: 503 for who cannot wait longer, and no more than that when it is free again."""
        with psycopg.connect(self.address) as other, self.watched() as peak:
            other.execute("LOCK TABLE orders_order IN ACCESS EXCLUSIVE MODE")
            answers = self.rush(self.read, seconds=STRETCH_S)
            other.rollback()
        after = self.rush(self.read, seconds=STRETCH_S / 3)
        right = set(answers) <= {200, 503} and set(after) == {200}
        return self.say("a locked table", answers, right, f"then {dict(after)}", peak)

    def ended(self) -> bool:
        """The server ends every connection in the middle: at most those in hand are 503, a moment later all is well."""
        killed: list[int] = []
        timer = threading.Timer(STRETCH_S / 2, lambda: killed.append(self.end_all()))
        timer.start()
        with self.watched() as peak:
            answers = self.rush(self.read)
        timer.join()
        after = self.rush(self.read, seconds=AGAIN_S)
        right = set(answers) <= {200, 503} and answers[503] <= killed[0] and set(after) == {200} and killed[0] > 0
        return self.say("connections ended", answers, right, f"{killed[0]} ended; then {dict(after)}", peak)

    def end_all(self) -> int:
        """End every connection of the web processes; how many."""
        with psycopg.connect(self.address, autocommit=True) as other:
            rows = other.execute(HERE.format("pg_terminate_backend(pid)"), [self.role]).fetchall()
        return len(rows)

    def rush(self, action: Callable[[http.client.HTTPConnection, int], int], *, seconds: float = STRETCH_S) -> Counter[int]:
        """All clients at once for so long; how often each status came."""
        answers: Counter[int] = Counter()
        lock, until = threading.Lock(), time.monotonic() + seconds

        def client(place: int) -> None:
            link = http.client.HTTPConnection(served.HOST, self.port, timeout=REPLY_S)
            while time.monotonic() < until:
                status = action(link, place)
                with lock:
                    answers[status] += 1
            link.close()

        clients = [threading.Thread(target=client, args=(place,)) for place in range(CLIENTS)]
        for one in clients:
            one.start()
        for one in clients:
            one.join()
        return answers

    def read(self, link: http.client.HTTPConnection, place: int) -> int:
        """An order's page for staff. A 503 must say when to come again, in the form of all refusals."""
        order = self.known["orders"][place % ORDERS]
        return self.checked(*served.call(link, "GET", f"/admin/orders/{order}", token=self.known["key"]))

    def refused(self, link: http.client.HTTPConnection, place: int) -> int:
        """A step that is not there, an order that is not, a cart that lacks everything."""
        token, key = self.known["key"], uuid.uuid4().hex
        order = self.known["orders"][place % ORDERS]
        match uuid.uuid4().int % 3:
            case 0:
                answer = served.call(link, "PATCH", f"/admin/orders/{order}/status", {"status": "delivered"}, token=token, key=key)
            case 1:
                answer = served.call(link, "PATCH", f"/admin/orders/{uuid.uuid4()}/status", {"status": "shipped"}, token=token, key=key)
            case _:
                path = f"/storefront/checkouts/{uuid.uuid4()}/complete"
                answer = served.call(link, "POST", path, {}, token=self.known["tokens"][0], key=key)
        return self.checked(*answer)

    @staticmethod
    def checked(status: int, body: Any) -> int:
        """The status; -1 for a refusal that is no problem+json."""
        return status if status == 200 or (isinstance(body, dict) and body.get("status") == status) else -1

    def ask(self, what: str) -> tuple[Any, ...]:
        """Of PostgreSQL's list of the web processes' connections."""
        row: tuple[Any, ...] = self.link.execute(HERE.format(what), [self.role]).fetchone() or (0,)
        return row

    @contextmanager
    def watched(self) -> Iterator[list[int]]:
        """The most connections there were meanwhile."""
        peak, over = [0], threading.Event()

        def look() -> None:
            while not over.wait(0.05):
                peak[0] = max(peak[0], int(self.ask("count(*)")[0]))

        eye = threading.Thread(target=look)
        eye.start()
        try:
            yield peak
        finally:
            over.set()
            eye.join()

    def say(self, what: str, answers: Counter[int], right: bool, more: str, peak: list[int]) -> bool:
        """One line; right also asks that the pools were never exceeded."""
        right = right and 0 < peak[0] <= CONNECTIONS_MAX
        print(f"{what:20} {'as it must be' if right else 'WRONG':14} {dict(sorted(answers.items()))}; peak {peak[0]}; {more}", flush=True)
        return right


if __name__ == "__main__":
    main()
