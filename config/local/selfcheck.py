"""Drive one order over HTTP from the cart to the door, as a client does; `READY` means that it went."""

from __future__ import annotations

import json
import time
import urllib.error
import urllib.request
import uuid
from typing import Any

WAIT_S = 120.0
_ADDRESS = {
    "name": "Self Check", "phone": "+919876543210", "line1": "12 MG Road", "city": "Bengaluru", "state": "IN-KA",
    "postalCode": "560001", "country": "IN",
}


class CheckFailed(RuntimeError):
    """The shop did not do what it must."""


class Client:
    """The few calls a check needs."""

    def __init__(self, base: str) -> None:
        self.base = base.rstrip("/")
        self.tokens = {"shop": "", "staff": ""}

    def call(self, method: str, path: str, body: Any = None, *, who: str = "", key: bool = False) -> Any:
        """One call; its JSON. Raises CheckFailed with the problem document."""
        headers = {"Content-Type": "application/json", "Accept": "application/json"}
        if who:
            headers["Authorization"] = f"Bearer {self.tokens[who]}"
        if key:
            headers["Idempotency-Key"] = f'"{uuid.uuid4()}"'
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.base + path, data=data, headers=headers, method=method)  # noqa: S310 our own address
        try:
            with urllib.request.urlopen(request, timeout=15) as answer:  # noqa: S310 our own address
                return json.loads(answer.read() or b"null")
        except urllib.error.HTTPError as error:
            message = f"{method} {path}: {error.code} {error.read().decode(errors='replace')}"
            raise CheckFailed(message) from error

    def until(self, path: str, field: str, *values: Any, who: str) -> Any:
        """Ask until the field is one of the values (any value but null when none is named)."""
        end = time.monotonic() + WAIT_S
        while time.monotonic() < end:
            found = self.call("GET", path, who=who)
            if (found[field] in values) if values else found[field]:
                return found
            time.sleep(0.05)
        message = f"{path}: {field} is {found[field]!r} after {WAIT_S} s"
        raise CheckFailed(message)


def run(base: str, staff_key: str) -> str:
    """Place, pay, pack, ship and deliver one order; returns the sentence that `up` prints. Raises CheckFailed."""
    started = time.monotonic()
    client = Client(base)
    client.tokens["staff"] = staff_key
    client.tokens["shop"] = client.call("POST", "/storefront/anonymous-tokens", {})["token"]
    sku = next(row["sku"] for row in client.call("GET", "/storefront/products?limit=50")["data"] if row["available"] > 0)
    checkout = client.call("POST", "/storefront/checkouts", {"lines": [{"sku": sku, "quantity": 1}]}, who="shop")
    path = f"/storefront/checkouts/{checkout['id']}"
    client.call("PATCH", path, {"email": "self-check@shop.invalid", "shippingAddress": _ADDRESS}, who="shop")
    order = client.call("POST", f"{path}/complete", {}, who="shop", key=True)["order"]
    number = order["orderNumber"]
    shop_path, staff_path = f"/storefront/orders/{number}", f"/admin/orders/{number}"
    payment = client.until(f"{shop_path}/payment", "razorpayOrderId", who="shop")
    client.call("POST", f"/sandbox/razorpay/pay/{payment['razorpayOrderId']}", {"outcome": "captured"})
    client.until(shop_path, "status", "confirmed", who="shop")
    for status in ("processing", "shipped", "delivered"):
        client.call("PATCH", f"{staff_path}/status", {"status": status}, who="staff")
    events = client.call("GET", f"{staff_path}/timeline?limit=200", who="staff")["data"]
    seen = {event["action"] for event in events}
    missing = {"order.placed", "payment.captured", "order.confirmed", "order.shipped", "order.delivered"} - seen
    if missing:
        message = f"the timeline of {number} lacks {sorted(missing)}"
        raise CheckFailed(message)
    return (
        f"Self-check: {number} placed → confirmed → processing → shipped → delivered"
        f" in {time.monotonic() - started:.1f} s; {len(events)} events on its timeline"
    )
