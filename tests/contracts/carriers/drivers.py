"""Each adapter with the means to drive its other side: what it holds, what it has seen, what it would push."""

from __future__ import annotations

import base64
import json
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from shipping.addresses import Address
from shipping.carriers import base, shiprocket
from shipping.carriers.base import BookingRequest, Carrier
from shipping.carriers.bluedart import BlueDart
from shipping.carriers.delhivery import Delhivery
from shipping.carriers.karrio_extra import Karrio
from shipping.carriers.own_fleet import OwnFleet
from shipping.carriers.shiprocket import Shiprocket
from tests.contracts.carriers import stub as speech
from tests.contracts.carriers.stub import Held, Stub

SHOP = Address("Bahi BLR-1", "+918041234567", "1 Hosur Road", "", "Bengaluru", "IN-KA", "560068")
HOME = Address("Priya & Sons; #4", "+919876543210", "12 MG Road", "Flat 3", "Pune", "IN-MH", "411004")
FAR = Address("Priya", "+919876543210", "1 Main Bazaar", "", "Leh", "IN-LA", speech.UNSERVED)
NOW = datetime(2026, 11, 28, 6, 30, tzinfo=UTC)


def request(**wish: Any) -> BookingRequest:
    """A booking of its own."""
    pk = uuid.uuid4()
    words: dict[str, Any] = {
        "reference": "ORD-20261128-00007", "shipment_id": str(pk), "idempotency_key": pk.hex, "origin": SHOP, "destination": HOME,
        "weight_g": 900, "items": (("TEA-1", "Assam tea", 2),), "service": "standard", "cod_amount_minor": 0, "currency": "INR", "now": NOW,
        "warehouse_code": "BLR-1",
    }
    return BookingRequest(**{**words, **wish})


@dataclass
class Driver:
    """One adapter under the contract. `steps` are the addresses a booking calls that may be cut; none without a network."""

    name: str
    adapter: Carrier
    stub: Stub
    steps: tuple[str, ...] = ()
    push: Callable[[Held], Any] | None = None
    wrong: Carrier | None = None
    call: str = ""
    codes: dict[str, str] = field(default_factory=dict)

    def can(self, *doings: str) -> bool:
        return set(doings) <= self.adapter.can

    def held(self, reference: str) -> list[Held]:
        return [one for one in self.stub.parcels if one.reference == reference]

    def labelled(self) -> str:
        """The number of a parcel the carrier has: booked through us where that can be, else known to it."""
        if self.can(base.BOOK):
            return self.adapter.book(request=request()).tracking_number
        return self.stub.hold("theirs", {}, number=f"76{uuid.uuid4().int % 10**9:09d}").number

    def see(self, number: str, word: str, at: datetime) -> Held:
        held = self.stub.of(number)
        assert held is not None
        held.scans.append((word, at))
        return held

    def pushed(self, number: str) -> bytes:
        held = self.stub.of(number)
        assert held is not None
        assert self.push is not None
        return json.dumps(self.push(held)).encode()


def own_fleet(stub: Stub) -> Driver:
    return Driver("own_fleet", OwnFleet(), stub)


def rocket(stub: Stub) -> Driver:
    base_url = f"{stub.url}/shiprocket"
    shiprocket._tokens.clear()

    def make(password: str) -> Shiprocket:
        return Shiprocket(email="shop@example.in", password=password, base_url=base_url, origin_pin="560068", contact_email="shop@example.in")

    return Driver(
        "shiprocket", make("let me in"), stub, ("create/", "assign/awb", "generate/label", "/files/", "generate/pickup"),
        push=speech.rocket_push, wrong=make("guess"), call="/shiprocket", codes={word: code for word, (code, _) in speech.SHIPROCKET.items()},
    )


def delhivery(stub: Stub) -> Driver:
    base_url = f"{stub.url}/delhivery"
    return Driver(
        "delhivery", Delhivery(token="dlv-token", base_url=base_url), stub, ("cmu/create", "packing_slip", "/files/"),
        push=speech.delhivery_push, wrong=Delhivery(token="guess", base_url=base_url), call="/delhivery",
        codes={word: code for word, (_, _, code) in speech.DELHIVERY.items()},
    )


def bluedart(stub: Stub) -> Driver:
    def make(secret: str) -> BlueDart:
        return BlueDart(client_id="bd", client_secret=secret, login_id="BLR1", licence_key="k", base_url=f"{stub.url}/bluedart")

    return Driver(
        "bluedart", make("bd-secret"), stub, push=lambda held: {"statustracking": [{"Shipment": speech.bluedart_record(held)}]},
        wrong=make("guess"), call="/bluedart", codes={word: "-".join(code) for word, code in speech.BLUEDART.items()},
    )


KARRIO_WORDS = {
    "announced": "pending", "picked_up": "picked_up", "in_transit": "in_transit", "out_for_delivery": "out_for_delivery",
    "attempted": "delivery_failed", "delivered": "delivered", "returning": "return_to_sender", "": "unknown",
}


class FakeTalk:
    """karrio's answers, from what the stub holds: for the mapping, without the library."""

    def __init__(self, stub: Stub) -> None:
        self.stub = stub
        self.fails: list[Exception | list[dict[str, Any]]] = []

    def rates(self, wish: dict[str, Any]) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
        del wish
        rows = [("ups_saver", 210.5, 2), ("ups_standard", 91.36, None)]
        return [{"service": name, "total_charge": cost, "currency": "INR", "transit_days": days} for name, cost, days in rows], []

    def ship(self, wish: dict[str, Any]) -> tuple[dict[str, Any] | None, list[dict[str, Any]]]:
        if self.fails:
            fault = self.fails.pop(0)
            if isinstance(fault, Exception):
                raise fault
            return None, fault
        held = self.stub.hold(wish["reference"], wish, number=f"1Z{len(self.stub.parcels):016d}")
        return {"tracking_number": held.number, "label": base64.b64encode(speech.PDF).decode()}, []

    def cancel(self, number: str) -> tuple[dict[str, Any] | None, list[dict[str, Any]]]:
        held = self.stub.of(number)
        if held is None or held.is_cancelled:
            return None, [{"code": "190102", "message": "It is voided already." if held else "No shipment found"}]
        held.is_cancelled = True
        return {"success": True}, []

    def track(self, number: str) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
        held = self.stub.of(number)
        if held is None:
            return [], [{"code": "404", "message": "not found"}]
        events = [
            {"code": f"E-{word}", "status": KARRIO_WORDS[word], "timestamp": at.isoformat(), "location": "Pune", "date": "", "time": ""}
            for word, at in held.scans
        ]
        return [{"events": events, "estimated_delivery": "2026-12-02"}], []


def karrio(stub: Stub) -> Driver:
    return Driver("karrio_ups", Karrio("ups", {}, talk=FakeTalk(stub)), stub, codes={word: f"E-{word}" for word in KARRIO_WORDS})


DRIVERS: dict[str, Callable[[Stub], Driver]] = {
    "own_fleet": own_fleet, "shiprocket": rocket, "delhivery": delhivery, "bluedart": bluedart,
    "karrio_ups": karrio,
}
