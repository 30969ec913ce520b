"""The database says no, whoever asks: each constraint on both its sides."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

import pytest
from django.db import DatabaseError, IntegrityError, transaction
from django.utils import timezone

from inventory.catalogue import Product, Variant
from inventory.stock import ON_HAND_UNITS_MAX, Hold, Level, Movement, Warehouse
from tests.inventory import makers

pytestmark = pytest.mark.django_db
NOW = timezone.now


def place() -> dict[str, Any]:
    makers.warehouse()
    makers.variant("TEA")
    return {"warehouse": Warehouse.objects.get(), "variant": Variant.objects.get()}


def refused(write: Any) -> bool:
    try:
        with transaction.atomic():
            write()
    except IntegrityError:
        return True
    return False


@pytest.mark.parametrize(
    ("on_hand", "held", "ok"),
    [(5, 5, True), (0, 0, True), (5, 6, False), (5, -1, False), (-1, -1, False), (ON_HAND_UNITS_MAX, 0, True),
     (ON_HAND_UNITS_MAX + 1, 0, False)],
)  # fmt: skip
def test_a_level_holds_between_nothing_and_what_is_there(on_hand: Any, held: Any, ok: Any) -> None:
    there = place()
    assert refused(lambda: Level.objects.create(id=uuid.uuid4(), on_hand=on_hand, held=held, **there)) is not ok


@pytest.mark.parametrize(("damaged", "ok"), [(0, True), (3, True), (-1, False)])
def test_what_is_damaged_is_never_below_nothing(damaged: Any, ok: Any) -> None:
    there = place()
    assert refused(lambda: Level.objects.create(id=uuid.uuid4(), damaged=damaged, **there)) is not ok


def test_a_level_is_once_per_place() -> None:
    there = place()
    Level.objects.create(id=uuid.uuid4(), **there)
    assert refused(lambda: Level.objects.create(id=uuid.uuid4(), **there))


@pytest.mark.parametrize(
    ("status", "taken", "quantity", "expires", "ok"),
    [
        ("held", 2, 2, True, True),
        ("held", 2, 2, False, False),
        ("held", 2, 0, True, False),
        ("held", 2, 3, True, False),
        ("committed", 2, 1, False, True),
        ("committed", 2, 1, True, False),
        ("released", 2, 0, True, True),
        ("released", 2, 1, True, False),
        ("expired", 2, 0, True, True),
        ("consumed", 2, 0, False, True),
        ("consumed", 0, 0, False, False),
        ("lost", 2, 0, False, False),
    ],
)
def test_a_hold_lives_while_units_are_left(status: Any, taken: Any, quantity: Any, expires: Any, ok: Any) -> None:
    there = place()
    row = {"status": status, "taken": taken, "quantity": quantity, "expires_at": NOW() if expires else None}
    write = lambda: Hold.objects.create(id=uuid.uuid4(), stream="s", created_at=NOW(), **row, **there)  # noqa: E731
    assert refused(write) is not ok


@pytest.mark.parametrize(
    ("on_hand", "held", "damaged", "ok"), [(1, 0, 0, True), (0, -1, 0, True), (0, 0, -1, True), (0, 0, 0, False)]
)
def test_a_movement_moves_units(on_hand: Any, held: Any, damaged: Any, ok: Any) -> None:
    there = place()
    row = {"on_hand_delta": on_hand, "held_delta": held, "damaged_delta": damaged, "operation_id": uuid.uuid4(), "at": NOW()}
    write = lambda: Movement.objects.create(id=uuid.uuid4(), kind="held", stream="s", **row, **there)  # noqa: E731
    assert refused(write) is not ok


@pytest.mark.parametrize(
    ("change", "ok"),
    [
        ({}, True),
        ({"price_minor": 0}, True),
        ({"price_minor": -1}, False),
        ({"price_minor": 10**13 + 1}, False),
        ({"gst_rate_bp": 10_000}, True),
        ({"gst_rate_bp": 10_001}, False),
        ({"weight_g": 1_000_001}, False),
        ({"sku": ""}, False),
        ({"sku": "TEA"}, False),
    ],
)
def test_a_variant_is_in_range(change: Any, ok: Any) -> None:
    makers.variant("TEA")
    row = {"sku": "JAM", "price_minor": 1, "gst_rate_bp": 500, "hsn": "2007", "created_at": NOW(), "updated_at": NOW()}
    write = lambda: Variant.objects.create(id=uuid.uuid4(), product=Product.objects.get(), **(row | change))  # noqa: E731
    assert refused(write) is not ok


def test_names_and_codes_are_not_empty() -> None:
    assert refused(lambda: Product.objects.create(id=uuid.uuid4(), name="", created_at=NOW()))
    assert refused(
        lambda: Warehouse.objects.create(id=uuid.uuid4(), code="", name="x", state="IN-KA", created_at=NOW())
    )
    makers.warehouse("BLR")
    assert refused(lambda: Warehouse.objects.create(id=uuid.uuid4(), code="BLR", name="x", state="", created_at=NOW()))


def test_the_ledger_is_only_ever_added_to() -> None:
    makers.warehouse()
    makers.on_shelf({"TEA": 5})
    writes: list[Callable[[], Any]] = [
        lambda: Movement.objects.update(on_hand_delta=6),
        lambda: Movement.objects.all().delete(),
    ]
    for write in writes:
        with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
            write()


def test_what_a_row_is_about_never_changes() -> None:
    makers.warehouse()
    tea = makers.on_shelf({"TEA": 5})["TEA"]
    makers.hold("c", {tea: 1})
    writes: list[Callable[[], Any]] = [
        lambda: Hold.objects.update(taken=9),
        lambda: Variant.objects.update(sku="OTHER"),
        lambda: Warehouse.objects.update(code="OTHER"),
    ]
    for write in writes:
        with pytest.raises(DatabaseError, match="frozen"), transaction.atomic():
            write()
