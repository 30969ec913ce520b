"""Stock at the console: the shelves, the ledger that explains every unit, and each step by its form."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from inventory import operations as stock
from inventory import queries
from inventory.models import Level, StockCount, Transfer
from tests.inventory import makers
from tests.pages.markup import check
from timeline.models import Event
from timeline.operations import operation

if TYPE_CHECKING:
    import uuid

pytestmark = pytest.mark.django_db
ROOT = "/console/stock/"


@pytest.fixture
def ids() -> dict[str, uuid.UUID]:
    makers.warehouse()
    makers.warehouse("DEL", priority=20)
    return makers.on_shelf({"TEA": 10, "JAM": 5})


def page(asha: Client, path: str = "") -> str:
    answer = asha.get(f"{ROOT}{path}")
    assert answer.status_code == 200
    text = answer.content.decode()
    check(text)
    return text


def post(asha: Client, path: str, **fields: Any) -> Any:
    return asha.post(f"{ROOT}{path}", fields)


def test_the_shelves_are_listed_found_and_filtered(asha: Client, ids: Any) -> None:
    makers.watch("TEA", safety=4, reorder_at=8)
    stock.watch_due(timezone.now())
    makers.shift("damage", "JAM", 5)
    every = page(asha)
    assert "TEA" in every
    assert "Low" in every
    assert ("TEA" in page(asha, "?show=low"), "JAM" in page(asha, "?show=low")) == (True, False)
    assert "JAM" in page(asha, "?show=none")
    assert "TEA" not in page(asha, "?show=damaged")
    makers.variant("NEVER-1")
    assert "It never lay anywhere" in page(asha, "?q=never")
    assert "No shelf is like that" in page(asha, "?q=nothing")


def test_pains_11_the_ledger_shows_what_lay_there_after_each_movement(asha: Client, ids: Any) -> None:
    makers.commit("o", {ids["TEA"]: 4})
    makers.shift("damage", "TEA", 2)
    makers.receive("TEA", 3, code="DEL")
    answer = asha.get(f"{ROOT}TEA/")
    balances = [
        (entry.movement.warehouse.code, entry.on_hand, entry.held, entry.damaged) for entry, _ in answer.context["entries"]
    ]
    assert balances == [("DEL", 3, 0, 0), ("BLR", 8, 4, 2), ("BLR", 10, 4, 0), ("BLR", 10, 0, 0)]
    check(answer.content.decode())


def test_the_balance_goes_on_over_the_pages(asha: Client, ids: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from orders.pages import stock as pages

    monkeypatch.setattr(pages, "PAGE_ROWS", 2)
    for _ in range(3):
        makers.receive("TEA", 1)
    first = asha.get(f"{ROOT}TEA/")
    second = asha.get(f"{ROOT}TEA/", {"cursor": first.context["page"].next_cursor})
    found = [entry.on_hand for answer in (first, second) for entry, _ in answer.context["entries"]]
    assert found == [13, 12, 11, 10]


def test_a_variant_that_is_not_there_is_not_found(asha: Client, ids: Any) -> None:
    assert asha.get(f"{ROOT}NONE/").status_code == 404
    assert asha.get(f"{ROOT}do/nothing/").status_code == 404
    assert page(asha, "tea/")


def test_who_waits_is_served_by_hand(asha: Client, ids: Any) -> None:
    makers.policy("TEA", "backorder")
    makers.commit("o", {ids["TEA"]: 12})
    makers.watch("TEA", safety=2)
    makers.receive("TEA", 2)
    assert "Who waits" in page(asha, "TEA/")
    [row] = queries.queue("TEA")
    assert post(asha, f"waiting/{row.pk}/serve/").status_code == 302
    assert makers.waits("o") == {}


@pytest.mark.parametrize("verb", ["receive", "send", "count", "adjust", "damage", "watch", "policy"])
def test_every_form_is_drawn_and_an_empty_one_is_sent_back(asha: Client, ids: Any, verb: str) -> None:
    page(asha, f"do/{verb}/?sku=TEA&warehouse=BLR")
    answer = post(asha, f"do/{verb}/")
    assert answer.status_code == 422
    check(answer.content.decode())
    assert Event.objects.filter(actor_type="staff").count() == 0


def test_goods_are_received_from_typed_lines_and_twice_sent_is_once(asha: Client, ids: Any) -> None:
    wish = {"warehouse": "BLR", "lines": "tea 5\nJAM,2\n\n", "reference": "DN-1", "idempotency_key": "a" * 20}
    for _ in range(2):
        assert post(asha, "do/receive/", **wish).status_code == 302
    assert (makers.level("TEA"), makers.level("JAM")) == ((15, 0), (7, 0))


@pytest.mark.parametrize(
    ("verb", "wish", "says"),
    [
        ("receive", {"warehouse": "BLR", "lines": "TEA"}, "Line 1 is not a SKU"),
        ("receive", {"warehouse": "BLR", "lines": "TEA 1\nTEA 2"}, "stands above already"),
        ("receive", {"warehouse": "BLR", "lines": "NONE 1"}, "Unknown SKU"),
        ("send", {"source": "BLR", "target": "BLR", "lines": "TEA 1"}, "The same as from"),
        ("send", {"source": "BLR", "target": "DEL", "lines": "TEA 11"}, "Only 10 of TEA"),
        ("adjust", {"warehouse": "BLR", "sku": "TEA", "delta": "-11", "reason": "x"}, "Only 10 of TEA"),
        ("adjust", {"warehouse": "BLR", "sku": "NONE", "delta": "1", "reason": "x"}, "Unknown SKU"),
        ("damage", {"warehouse": "BLR", "sku": "TEA", "action": "scrap", "quantity": "1", "reason": "x"}, "Only 0 damaged"),
        ("policy", {"sku": "TEA", "policy": "deny", "backorder_units_max": "3"}, "needs no limit"),
    ],
)
def test_a_refusal_is_said_beside_the_form(asha: Client, ids: Any, verb: str, wish: Any, says: str) -> None:
    answer = post(asha, f"do/{verb}/", **wish)
    assert answer.status_code in {409, 422}
    assert says in answer.content.decode()
    assert makers.level("TEA") == (10, 0)


def test_each_step_does_what_it_says(asha: Client, ids: Any) -> None:
    steps = [
        ("adjust", {"warehouse": "BLR", "sku": "tea", "delta": "-1", "reason": "lost"}),
        ("damage", {"warehouse": "BLR", "sku": "TEA", "action": "damage", "quantity": "2", "reason": "damaged"}),
        ("watch", {"warehouse": "BLR", "sku": "TEA", "safety": "1", "reorder_at": "3"}),
        ("policy", {"sku": "TEA", "policy": "preorder", "backorder_units_max": "9", "available_on": "2031-05-01"}),
    ]
    for verb, wish in steps:
        assert post(asha, f"do/{verb}/", **wish).headers["Location"] == f"{ROOT}TEA/"
    level = Level.objects.get(variant__sku="TEA")
    assert (level.on_hand, level.damaged, level.safety, level.reorder_at) == (7, 2, 1, 3)
    assert level.variant.policy == "preorder"
    assert "sent from 1 May 2031" in page(asha, "TEA/")


def test_a_transfer_is_sent_and_received_short(asha: Client, ids: Any) -> None:
    post(asha, "do/send/", source="BLR", target="DEL", lines="TEA 4\nJAM 1")
    sent = Transfer.objects.get()
    assert "BLR to DEL" in page(asha, "open/")
    assert "4 on the way" in page(asha, "TEA/")
    fields = {"received-TEA": "2", "damaged-TEA": "1", "received-JAM": "1"}
    assert post(asha, f"transfers/{sent.pk}/receive/", **fields).status_code == 302
    assert (makers.level("TEA", "DEL"), Level.objects.get(variant__sku="TEA", warehouse__code="DEL").damaged) == ((2, 0), 1)
    assert "1 short" in page(asha, "open/")
    post(asha, f"transfers/{sent.pk}/back/")
    assert makers.level("TEA") == (6, 0)


def test_a_blind_count_is_confirmed_by_somebody(asha: Client, ids: Any) -> None:
    form = page(asha, "do/count/?sku=TEA")
    assert "10" not in form.split("<textarea", 1)[1].split("</textarea>", 1)[0]
    post(asha, "do/count/", warehouse="BLR", lines="TEA 8")
    found = StockCount.objects.get()
    assert "−2" in page(asha, "open/")
    assert post(asha, f"counts/{found.pk}/confirm/").status_code == 302
    assert (makers.level("TEA"), StockCount.objects.get().decided_by) == ((8, 0), "Asha")
    assert post(asha, f"counts/{found.pk}/nothing/").status_code == 404


def test_b81_files_are_brought_in_and_conflicts_resolved(asha: Client, ids: Any) -> None:
    file = io.BytesIO(b"sku,on_hand\nTEA,8\nNONE,1\n")
    file.name = "counts.csv"
    wish = {"counts-warehouse": "BLR", "counts-taken_at": timezone.localtime().strftime("%Y-%m-%dT%H:%M:%S")}
    answer = asha.post(f"{ROOT}conflicts/", {**wish, "counts-file": file}, follow=True)
    assert "Levels changed: 1. Did not fit: 1." in answer.content.decode()
    assert "A SKU we do not have" in page(asha, "conflicts/")
    [row] = queries.conflicts(is_open=True)
    post(asha, f"conflicts/{row.pk}/resolve/", reason="Their old code")
    assert "Every warehouse and we agree" in page(asha, "conflicts/")
    assert "Asha" in page(asha, "conflicts/?all=1")
    bad = io.BytesIO(b"reference,parcel\n")
    bad.name = "left.csv"
    answer = asha.post(f"{ROOT}conflicts/", {"dispatches-warehouse": "BLR", "dispatches-file": bad})
    assert (answer.status_code, "The first line names" in answer.content.decode()) == (400, True)


def test_the_pages_cost_the_same_for_few_shelves_and_many(asha: Client, ids: Any) -> None:
    costs = []
    for many in (2, 18):
        makers.on_shelf({f"S{many}-{n}": 1 for n in range(many)})
        for number in range(many):
            makers.commit(f"o{many}-{number}", {ids["TEA"]: 1}) if number < 3 else makers.receive("TEA", 1)
            with operation("test.count", actor=makers.ASHA) as op:
                stock.enter_count(op, warehouse_code="BLR", counted={"TEA": 1, "JAM": 2})
        for path in ("", "TEA/", "open/", "conflicts/"):
            with CaptureQueriesContext(connection) as seen:
                asha.get(f"{ROOT}{path}")
            costs.append(len(seen))
    assert costs[:4] == costs[4:]


def test_the_pages_are_for_staff(ids: Any) -> None:
    for path in ("", "TEA/", "open/", "conflicts/", "do/receive/"):
        assert Client().get(f"{ROOT}{path}").status_code == 302
