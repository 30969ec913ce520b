"""Parcels without an order: shipping has never heard of one."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

from shipping import operations as parcels
from shipping.addresses import Address, check
from tests import shelves
from timeline import vault
from timeline.operations import operation

if TYPE_CHECKING:
    from shipping.models import Shipment

WAREHOUSE = {
    "name": "Bahi BLR-1", "phone": "+918041234567", "line1": "1 Hosur Road", "line2": None, "city": "Bengaluru",
    "state": "IN-KA", "postalCode": "560068", "country": "IN", "gstin": None,
}


def address(**parts: Any) -> Address:
    """A customer's address."""
    home = {"name": "Priya Shrivastava", "city": "Pune", "state": "IN-MH", "postalCode": "411004"}
    return check(shelves.address(**{**home, **parts}))


def booked(**wish: Any) -> Shipment:
    """A parcel that waits for its carrier."""
    stream = str(wish.pop("stream", None) or uuid.uuid4())
    words: dict[str, Any] = {
        "reference": "ORD-20261128-00007", "carrier": "own_fleet", "service": "standard", "warehouse_code": "BLR-1",
        "origin": WAREHOUSE, "destination": address(),
        "weight_g": 900, "contents": [{"sku": "TEA-1", "quantity": 2}], "cod_amount_minor": 0, "currency": "INR",
    }
    with operation("test.book", actor=shelves.TESTER, stream=stream) as op:
        return parcels.book(op, stream=stream, key=vault.new_key(op), **{**words, **wish})


def labelled(**wish: Any) -> Shipment:
    """A parcel with its number."""
    shipment = booked(**wish)
    with operation("test.label", actor=shelves.TESTER, stream=shipment.stream) as op:
        return parcels.label_by_hand(op, shipment_id=shipment.pk)
