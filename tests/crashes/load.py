"""Customers and staff who do not give up: every call is repeated with its key until it is answered."""

from __future__ import annotations

import random
import threading
import time
import uuid
from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import requests

from tests.crashes.dying import WISH
from tests.crashes.seed import SKU
from tests.crashes.stack import Stack, until

SHOPPERS, PAYERS, REFUNDERS = 3, 2, 2
ORDERS_MAX = 400
LAST_WISHES = 0.06  # of the placements and refunds: the web process dies when it has committed
CALL_S = 20.0
AGAIN_S = 0.1
GIVE_UP_S = 150.0
ADDRESS = {
    "name": "Meera Nair", "phone": "+919845012345", "line1": "12 Lake View", "city": "Bengaluru", "state": "IN-KA",
    "postalCode": "560001", "country": "IN",
}
STAGES = ("placement", "capture", "refund")


@dataclass
class Bought:
    """One order as its customer knows it, with the key it was acknowledged under."""

    token: str
    checkout_id: str
    key: str
    order_id: str
    total_minor: int
    quantity: int
    paid: bool = False
    refunds: list[Given] = field(default_factory=list)


@dataclass
class Given:
    """One acknowledged refund and the very request that asked for it."""

    key: str
    body: dict[str, Any]
    refund_id: str


@dataclass
class Load:
    """The callers, their threads, and what was acknowledged to them."""

    stack: Stack
    seed: int
    bought: list[Bought] = field(default_factory=list)
    checkouts: int = 0
    tally: Counter[str] = field(default_factory=Counter)
    troubles: list[str] = field(default_factory=list)
    moments: dict[str, threading.Event] = field(default_factory=lambda: {name: threading.Event() for name in STAGES})
    _unpaid: deque[Bought] = field(default_factory=deque)
    _to_refund: deque[Bought] = field(default_factory=deque)
    _closing: threading.Event = field(default_factory=threading.Event)
    _shoppers: list[threading.Thread] = field(default_factory=list)
    _others: list[threading.Thread] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def start(self) -> None:
        """Begin to shop, pay and refund."""
        self._shoppers = [self._thread(self._shop, number) for number in range(SHOPPERS)]
        self._others = [self._thread(self._pay, 100 + number) for number in range(PAYERS)]
        self._others += [self._thread(self._refund, 200 + number) for number in range(REFUNDERS)]

    def finish(self) -> None:
        """Place no more; wait until every order placed is paid and every refund wished for is acknowledged."""
        self._closing.set()
        for thread in self._shoppers + self._others:
            thread.join(GIVE_UP_S * 2)
        assert not self.troubles, self.troubles[:5]

    def paid_one(self, chance: random.Random) -> Bought:
        """One order, bought, paid and confirmed without any harm."""
        bought = self.place_one(chance)
        self._unpaid.append(bought)
        self._pay(chance)
        path = f"/admin/orders/{bought.order_id}"
        until(lambda: self.call("GET", path, token=self.stack.staff_key).json()["status"] == "confirmed", path, 20)
        return bought

    def call(
        self, method: str, path: str, body: Any = None, *, token: str, key: str = "", expect: int = 200,
        last_wish: bool = False,
    ) -> requests.Response:
        """One call, repeated with the same key until it is answered; anything but the expected answer is a failure.

        `last_wish`: the process that answers first dies before it replies.
        """
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        if key:
            headers["Idempotency-Key"] = key
        end = time.monotonic() + GIVE_UP_S
        tries = 0
        while True:
            tries += 1
            answer = self._try(method, path, body, {**headers, WISH: "1"} if last_wish and tries == 1 else headers)
            if answer is not None:
                if tries > 1 and answer.headers.get("Idempotent-Replayed") == "true":
                    self.tally["answers lost after commit"] += 1
                assert answer.status_code == expect, f"{method} {path}: {answer.status_code} {answer.text}"
                return answer
            assert time.monotonic() < end, f"{method} {path}: no answer in {GIVE_UP_S:.0f} s"
            time.sleep(AGAIN_S)

    def _last_wish(self, chance: random.Random) -> bool:
        wished = chance.random() < LAST_WISHES and not self._closing.is_set()
        self.tally["web processes dead before the reply"] += wished
        return wished

    def _try(self, method: str, path: str, body: Any, headers: dict[str, str]) -> requests.Response | None:
        try:
            answer = requests.request(method, self.stack.url + path, json=body, headers=headers, timeout=CALL_S)
        except requests.RequestException:
            self.tally["connections broken"] += 1
            return None
        if answer.status_code >= 500 or (answer.status_code == 409 and "in-flight" in answer.text):
            self.tally[f"answers {answer.status_code}"] += 1
            return None
        return answer

    def _thread(self, work: Callable[[random.Random], None], number: int) -> threading.Thread:
        def run() -> None:
            try:
                work(random.Random(self.seed * 1000 + number))
            except Exception as error:  # noqa: BLE001 told by finish()
                self.troubles.append(f"{type(error).__name__}: {error}")

        thread = threading.Thread(target=run, daemon=True)
        thread.start()
        return thread

    def _shop(self, chance: random.Random) -> None:
        while not self._closing.is_set() and len(self.bought) < ORDERS_MAX:
            self._unpaid.append(self.place_one(chance))
            time.sleep(chance.uniform(0, 0.3))

    def place_one(self, chance: random.Random) -> Bought:
        """One order, from the token to the acknowledged placement."""
        token = self.call("POST", "/storefront/anonymous-tokens", {}, token="", expect=201).json()["token"]
        quantity = chance.randint(1, 3)
        lines = {"lines": [{"sku": SKU, "quantity": quantity}]}
        started = self.call("POST", "/storefront/checkouts", lines, token=token, key=f"start-{uuid.uuid4()}", expect=201)
        path = f"/storefront/checkouts/{started.json()['id']}"
        details = {"email": "meera@example.com", "shippingAddress": ADDRESS}
        self.call("PATCH", path, details, token=token, key=f"amend-{uuid.uuid4()}")
        key = f"place-{uuid.uuid4()}"
        self.moments["placement"].set()
        wish = self._last_wish(chance)
        placed = self.call("POST", f"{path}/complete", {}, token=token, key=key, expect=201, last_wish=wish)
        order = placed.json()["order"]
        bought = Bought(token, started.json()["id"], key, order["id"], order["total"], quantity)
        with self._lock:
            self.checkouts += 1
            self.bought.append(bought)
        return bought

    def _pay(self, chance: random.Random) -> None:
        while (bought := self._next(self._unpaid, self._shoppers)) is not None:
            answer = self.call("GET", f"/storefront/orders/{bought.order_id}/payment", token=bought.token).json()
            if answer["razorpayOrderId"] is None:
                self._unpaid.append(bought)
                time.sleep(AGAIN_S)
                continue
            outcome = chance.choice(["captured", "captured", "authorized"])
            self.moments["capture"].set()
            done = requests.post(
                f"{self.stack.sandbox_url}/sandbox/razorpay/pay/{answer['razorpayOrderId']}",
                json={"outcome": outcome}, timeout=CALL_S,
            )
            assert done.status_code == 200, done.text
            bought.paid = True
            self.tally[f"paid: {outcome}"] += 1
            if chance.random() < 0.6:
                self._to_refund.append(bought)

    def _refund(self, chance: random.Random) -> None:
        payers = self._others[:PAYERS]
        while (bought := self._next(self._to_refund, payers)) is not None:
            path = f"/admin/orders/{bought.order_id}"
            order = self.call("GET", path, token=self.stack.staff_key).json()
            if order["refundableAmount"] < bought.total_minor:
                self._to_refund.append(bought)
                time.sleep(AGAIN_S)
                continue
            for amount in _parts(bought.total_minor, chance):
                body = {"amount": amount, "reason": "Broken in the post", "initiatePaymentRefund": True}
                key = f"refund-{uuid.uuid4()}"
                self.moments["refund"].set()
                given = self.call(
                    "POST", f"{path}/refund", body, token=self.stack.staff_key, key=key, expect=201,
                    last_wish=self._last_wish(chance),
                )
                bought.refunds.append(Given(key, body, given.json()["id"]))

    def _next(self, queue: deque[Bought], feeders: list[threading.Thread]) -> Bought | None:
        """The next of the queue; None once it is empty and nobody can put more into it."""
        end = time.monotonic() + GIVE_UP_S * 2
        while time.monotonic() < end:
            fed = any(thread.is_alive() for thread in feeders)
            try:
                return queue.popleft()
            except IndexError:
                if not fed:
                    return None
            time.sleep(AGAIN_S / 2)
        message = f"nothing to do for {GIVE_UP_S * 2:.0f} s"
        raise TimeoutError(message)


def _parts(total_minor: int, chance: random.Random) -> list[int]:
    """All of it, a part, or two parts."""
    kind = chance.choice(["all", "part", "two"])
    if kind == "all":
        return [total_minor]
    first = chance.randint(100, total_minor // 3)
    return [first] if kind == "part" else [first, chance.randint(100, total_minor // 3)]
