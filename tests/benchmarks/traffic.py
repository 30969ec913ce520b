"""`make mixed-traffic`: a working day in ten minutes, over HTTP, on PostgreSQL, with two web processes and the background.

Of a hundred actions seventy read (lists, search, detail, timeline, availability), twenty take an order a step on and ten
place one (cart, details, completion: three calls). Web and background connect as a role that owns nothing. Said at the
end: median and 99th percentile of each kind, every answer that was not the expected one, the memory of the web processes
after the first tenth and at the end, and what the doctor found. Figures are of this machine; the exit code is about the rest.
"""

from __future__ import annotations

import http.client
import json
import os
import random
import signal
import statistics
import tempfile
import threading
import time
import uuid
from collections import Counter, deque
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.benchmarks import served

SECONDS = float(os.environ.get("TRAFFIC_S", "600"))
CLIENTS = int(os.environ.get("TRAFFIC_CLIENTS", "8"))
ORDERS = int(os.environ.get("TRAFFIC_ORDERS", "300"))
READS, CHANGES = 0.70, 0.90  # the rest places
GROWTH_KB_MAX = 32 * 1024  # each web process, from the first tenth to the end
REPLY_S = 30.0
ADDRESS = {
    "name": "Meera Nair", "phone": "+919845012345", "line1": "12 Lake View", "city": "Bengaluru", "state": "IN-KA",
    "postalCode": "560001", "country": "IN",
}


@dataclass
class Day:
    """What the clients know, and what came of their calls."""

    port: int
    skus: list[str]
    tokens: list[str]
    orders: list[str]
    numbers: list[str]
    key: str
    took_s: dict[str, list[float]] = field(default_factory=dict)
    answers: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)
    steps: deque[tuple[str, list[str]]] = field(default_factory=deque)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def client(self, seed: int, until: float) -> None:
        """One client: an action after the other until the time is up."""
        chance = random.Random(seed)
        link = http.client.HTTPConnection(served.HOST, self.port, timeout=REPLY_S)
        while time.monotonic() < until:
            kind = chance.random()
            if kind < READS:
                self.read(link, chance)
            elif kind < CHANGES and self.steps:
                self.change(link)
            else:
                self.place(link, chance)

    def call(self, link: http.client.HTTPConnection, kind: str, method: str, path: str, body: Any = None, **words: Any) -> Any:
        """One call, timed and counted; nothing when it was not a 2xx."""
        began = time.perf_counter()
        status, answer = served.call(link, method, path, body, **words)
        took = time.perf_counter() - began
        with self.lock:
            self.took_s.setdefault(kind, []).append(took)
            self.answers[f"{kind} {status}"] += 1
            if not 200 <= status < 300:
                self.wrong.append(f"{method} {path}: {status} {str(answer)[:200]}")
        return answer if 200 <= status < 300 else None

    def read(self, link: http.client.HTTPConnection, chance: random.Random) -> None:
        """What staff and customers look at."""
        order, number = chance.choice(self.orders), chance.choice(self.numbers)
        path = chance.choice([
            "/admin/orders?limit=50", "/admin/orders?status=confirmed&limit=50", f"/admin/orders?q={number[-5:]}",
            f"/admin/orders/{order}", f"/admin/orders/{order}", f"/admin/orders/{order}/timeline",
            "/storefront/orders", f"/storefront/availability?sku={','.join(chance.sample(self.skus, 5))}",
        ])
        self.call(link, "read", "GET", path, token=chance.choice(self.tokens) if path.startswith("/storefront") else self.key)

    def change(self, link: http.client.HTTPConnection) -> None:
        """An order's next step; its later ones wait their turn."""
        try:
            order, steps = self.steps.popleft()
        except IndexError:
            return
        path = f"/admin/orders/{order}/status"
        if self.call(link, "change", "PATCH", path, {"status": steps[0]}, token=self.key, key=uuid.uuid4().hex) and steps[1:]:
            self.steps.append((order, steps[1:]))

    def place(self, link: http.client.HTTPConnection, chance: random.Random) -> None:
        """A cart that is completed."""
        token = chance.choice(self.tokens)
        lines = [{"sku": sku, "quantity": chance.randint(1, 3)} for sku in chance.sample(self.skus, chance.randint(1, 4))]
        made = self.call(link, "cart", "POST", "/storefront/checkouts", {"lines": lines}, token=token)
        if made is None:
            return
        path = f"/storefront/checkouts/{made['id']}"
        details = {"email": "meera@example.com", "shippingAddress": ADDRESS, "paymentMethod": "cod"}
        if self.call(link, "details", "PATCH", path, details, token=token) is None:
            return
        done = self.call(link, "placement", "POST", f"{path}/complete", {}, token=token, key=uuid.uuid4().hex)
        if done is not None:
            with self.lock:
                self.orders.append(done["order"]["id"])
                self.numbers.append(done["order"]["orderNumber"])
            self.steps.append((done["order"]["id"], ["processing", chance.choice(["shipped", "cancelled"])]))


def main() -> None:
    """Prepare, let the day pass, look; the exit code says whether all went as it must."""
    with tempfile.TemporaryDirectory() as folder, served.role("traffic") as role, served.database("traffic") as name:
        owner = served.environment(Path(folder), name)
        served.run(owner, "manage.py", "migrate", "--verbosity", "0")
        environment = served.working_as(role, owner)
        known = json.loads(served.start(environment, "-m", "tests.benchmarks.traffic_seed", str(ORDERS)).communicate()[0])
        runner = served.start(environment, "manage.py", "runner")
        try:
            with served.web(environment, Path(folder)) as (web, port):
                day = Day(port=port, **known)
                day.steps.extend((order, ["processing", "cancelled"]) for order in day.orders)
                print(f"{SECONDS:.0f} s, {CLIENTS} clients, {ORDERS} orders there already", flush=True)
                early, late = _pass(day, web.pid)
        finally:
            runner.send_signal(signal.SIGTERM)
            runner.wait(served.STOP_S)
        served.settle(environment)
        right = _report(day, early, late)
        if not served.doctor(environment) or not right:
            raise SystemExit("not as it must be")


def _pass(day: Day, web: int) -> tuple[list[int], list[int]]:
    """The day; memory of the web processes after its first tenth, and at its end."""
    began = time.monotonic()
    clients = [threading.Thread(target=day.client, args=(seed, began + SECONDS)) for seed in range(CLIENTS)]
    for one in clients:
        one.start()
    time.sleep(SECONDS / 10)
    early = memory_kb(web)
    for one in clients:
        one.join()
    return early, memory_kb(web)


def memory_kb(web: int) -> list[int]:
    """Resident memory of each web process, in KiB."""
    children = Path(f"/proc/{web}/task/{web}/children").read_text().split()
    status = [Path(f"/proc/{child}/status").read_text() for child in children]
    return [int(next(line.split()[1] for line in text.splitlines() if line.startswith("VmRSS:"))) for text in status]


def _report(day: Day, early: list[int], late: list[int]) -> bool:
    calls = sum(day.answers.values())
    print(f"{'mixed traffic':28} {calls} calls in {SECONDS:.0f} s, {calls / SECONDS:.0f}/s")
    for kind, took in [*day.took_s.items(), ("all", [one for some in day.took_s.values() for one in some])]:
        if len(took) > 1:
            parts = statistics.quantiles(took, n=100)
            print(f"{kind:28} {len(took)} calls, p50 {parts[49] * 1000:.0f} ms, p99 {parts[98] * 1000:.0f} ms, worst {max(took) * 1000:.0f} ms")
    print(f"{'answers':28} {dict(sorted(day.answers.items()))}")
    for wrong in day.wrong[:8]:
        print(f"{'not expected':28} {wrong}")
    print(f"{'memory of web, MiB':28} {[kb // 1024 for kb in early]} after a tenth, {[kb // 1024 for kb in late]} at the end")
    return not day.wrong and all(after - before <= GROWTH_KB_MAX for before, after in zip(early, late, strict=True))


if __name__ == "__main__":
    main()
