"""B81: an external warehouse counts and dispatches; each fact once, nothing guessed, what does not fit seen by a person."""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import Any

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.test import Client
from django.utils import timezone

from inventory import operations as stock
from inventory import queries, sync
from inventory.models import Level, OutsideCount, Variant
from inventory.outside import Conflict
from inventory.reconciliation import differences
from tests.inventory import makers
from tests.inventory.test_api import headers
from timeline.errors import BadRequest
from timeline.models import Event
from timeline.operations import operation

pytestmark = [pytest.mark.django_db, pytest.mark.urls("inventory.api.urls")]
MINUTE = timedelta(minutes=1)


@pytest.fixture
def ids() -> Any:
    makers.warehouse()
    return makers.on_shelf({"TEA": 10, "JAM": 5})


def count(reference: str, counts: dict[str, int], *, ago: timedelta = timedelta(0)) -> OutsideCount:
    with operation("test.count", actor=makers.TESTER) as op:
        return stock.tell_count(op, warehouse_code="BLR", reference=reference, taken_at=op.now - ago, counts=counts)


def conflicts() -> list[tuple[str, str]]:
    return list(queries.conflicts(is_open=True).order_by("about").values_list("kind", "about"))


def test_a_count_is_taken_and_what_does_not_fit_is_a_conflict(ids: Any) -> None:
    makers.commit("o", {ids["JAM"]: 4})
    found = count("W1", {"TEA": 12, "JAM": 3, "NONE": 1})
    assert (found.changed, found.refused) == ({"TEA": 2}, {"JAM": "promised", "NONE": "unknown_sku"})
    assert (makers.level("TEA"), makers.level("JAM")) == ((12, 0), (5, 4))
    assert conflicts() == [("promised", "JAM"), ("unknown_sku", "NONE")]
    row = Conflict.objects.get(about="JAM")
    assert (row.ours["held"], row.theirs["counted"]) == (4, 3)
    makers.assert_adds_up()


def test_the_same_reference_is_taken_once_and_never_for_another_count(ids: Any) -> None:
    with operation("test.count", actor=makers.TESTER) as op:
        at = op.now
        stock.tell_count(op, warehouse_code="BLR", reference="W1", taken_at=at, counts={"TEA": 12})
    makers.adjust("TEA", -5)
    with operation("test.count", actor=makers.TESTER) as op:
        again = stock.tell_count(op, warehouse_code="BLR", reference="W1", taken_at=at, counts={"TEA": 12})
    assert (again.changed, makers.level("TEA")) == ({"TEA": 2}, (7, 0))
    with pytest.raises(stock.ReferenceReused):
        count("W1", {"TEA": 3})


def test_a_count_is_compared_with_what_lay_there_when_it_was_taken(ids: Any) -> None:
    """Sold and received after the count was taken: neither is lost nor taken twice."""
    taken_at = timezone.now()
    makers.commit("o", {ids["TEA"]: 3})
    makers.consume("o", {held.id: held.quantity for held in queries.holds("o")})
    makers.receive("TEA", 4)
    with operation("test.count", actor=makers.TESTER) as op:
        found = stock.tell_count(op, warehouse_code="BLR", reference="W1", taken_at=taken_at, counts={"TEA": 9})
    assert (found.changed, makers.level("TEA")) == ({"TEA": -1}, (10, 0))
    makers.assert_adds_up()


def test_an_older_count_is_stale_whatever_it_says(ids: Any) -> None:
    count("W2", {"TEA": 12})
    assert count("W1", {"TEA": 9, "JAM": 5}, ago=5 * MINUTE).refused == {"TEA": "stale"}
    assert (makers.level("TEA"), conflicts()) == ((12, 0), [("stale", "TEA")])


def test_a_count_of_tomorrow_is_refused(ids: Any) -> None:
    with pytest.raises(stock.NotYet):
        count("W1", {"TEA": 12}, ago=-10 * MINUTE)


def test_a_conflict_is_kept_once_and_goes_when_a_later_count_agrees(ids: Any) -> None:
    makers.commit("o", {ids["JAM"]: 4})
    count("W1", {"JAM": 3})
    count("W2", {"JAM": 2})
    [row] = Conflict.objects.all()
    assert (row.reference, row.theirs["counted"]) == ("W2", 2)
    makers.release("o")
    count("W3", {"JAM": 2})
    assert (conflicts(), Conflict.objects.get().resolution, makers.level("JAM")) == ([], "agreed_later", (2, 0))
    assert Event.objects.filter(kind__in=["conflict.opened", "conflict.resolved"]).count() == 2


def test_a_person_resolves_a_conflict_once_and_the_words_are_sealed(ids: Any) -> None:
    count("W1", {"NONE": 3})
    pk = Conflict.objects.get().pk
    with operation("test.resolve", actor=makers.ASHA) as op:
        stock.resolve_conflict(op, conflict_id=pk, reason="Ravi's old code")
    assert Conflict.objects.get().resolved_by == "Asha"
    event = Event.objects.get(kind="conflict.resolved")
    assert (event.private(), "Ravi" in str(event.facts)) == ({"reason": "Ravi's old code"}, False)
    with pytest.raises(stock.Resolved), operation("test.resolve", actor=makers.ASHA) as op:
        stock.resolve_conflict(op, conflict_id=pk, reason="again")


def test_what_left_before_a_count_that_missed_it_is_a_conflict(ids: Any) -> None:
    count("W1", {"TEA": 9})
    with operation("test.dispatch", actor=makers.TESTER) as op:
        left = stock.Left("AWB1", op.now - 5 * MINUTE, {"TEA": 1})
        stock.tell_dispatch(op, warehouse_code="BLR", reference="D1", left=left)
        stock.tell_dispatch(op, warehouse_code="BLR", reference="D1", left=left)
    assert conflicts() == [("counted_after", "TEA")]
    assert Event.objects.filter(kind="warehouse.dispatched").count() == 1


def post(path: str, wish: Any, **head: str) -> Any:
    return Client().post(f"/admin/warehouses{path}", wish, content_type="application/json", headers=head or headers("*"))


def test_counts_dispatches_and_conflicts_over_the_api(ids: Any) -> None:
    head = headers("*")
    at = timezone.now().isoformat()
    wish = {"reference": "W1", "takenAt": at, "items": [{"sku": "TEA", "onHand": 8}, {"sku": "NONE", "onHand": 1}]}
    first, second = post("/blr/counts", wish, **head), post("/blr/counts", wish, **head)
    assert (first.status_code, first.content) == (201, second.content)
    assert (first.json()["changed"], first.json()["refused"]) == ({"TEA": -2}, {"NONE": "unknown_sku"})
    left = {"reference": "D1", "parcel": "AWB1", "dispatchedAt": at}
    assert post("/BLR/dispatches", left, **head).status_code == 201
    assert post("/BLR/dispatches", left | {"parcel": "AWB2"}, **head).json()["type"] == "/problems/reference-reused"
    [row] = Client().get("/admin/warehouses/conflicts?open=true", headers=head).json()["data"]
    assert (row["kind"], row["about"]) == ("unknown_sku", "NONE")
    assert post(f"/conflicts/{row['id']}/resolve", {"reason": "theirs"}, **head).json()["resolution"] == "by_hand"
    for path, body, status in (
        ("/NONE/counts", wish, 422), ("/BLR/counts", wish | {"items": []}, 400), ("/BLR/counts", wish | {"takenAt": "today"}, 400),
        ("/BLR/dispatches", left | {"colour": 1}, 400), ("/conflicts/x/resolve", {"reason": "x"}, 404),
    ):  # fmt: skip
        assert post(path, body, **head).status_code == status, (path, body)
    assert post("/BLR/counts", wish, **headers("inventory:read")).status_code == 403


def test_a_file_of_dispatches_is_read_whole_or_not_at_all(ids: Any) -> None:
    text = "reference,parcel,dispatched_at\nD1,AWB1,2026-01-05T10:00:00+05:30\nD2,AWB2,2026-01-05 11:00\n"
    assert sync.take_dispatches(text, warehouse_code="BLR", actor=makers.ASHA) == (2, {})
    assert sync.take_dispatches(text, warehouse_code="BLR", actor=makers.ASHA) == (2, {})
    assert Event.objects.filter(kind="warehouse.dispatched").count() == 2
    _, refused = sync.take_dispatches(text.replace("AWB2", "AWB9"), warehouse_code="BLR", actor=makers.ASHA)
    assert list(refused) == ["D2"]
    for wrong in ("", "reference\nD1\n", text + "D3,,2026-01-05\n", text + "D1,AWB3,2026-01-05 11:00\n", text + "D4,A,never\n"):
        with pytest.raises(BadRequest):
            sync.take_dispatches(wrong, warehouse_code="BLR", actor=makers.ASHA)


def test_the_command_brings_files_in(ids: Any, tmp_path: Any, capsys: Any) -> None:
    file = tmp_path / "counts.csv"
    file.write_text("sku,on_hand\nTEA,7\nNONE,1\n")
    words = {"taken_at": timezone.now().isoformat(), "reference": "W1"}
    for _ in range(2):
        call_command("warehouse", "counts", "blr", str(file), **words)
    assert "NONE: unknown_sku" in capsys.readouterr().out
    assert (makers.level("TEA"), OutsideCount.objects.get().reference) == ((7, 0), "W1#1")
    with pytest.raises(CommandError):
        call_command("warehouse", "counts", "nowhere", str(file))


def test_levels_are_rebuilt_from_the_ledger_and_every_change_is_an_event(ids: Any, capsys: Any) -> None:
    makers.policy("JAM", "backorder")
    makers.commit("o", {ids["TEA"]: 3, ids["JAM"]: 6})
    call_command("stock", "rebuild", "--check")
    Level.objects.filter(variant=ids["TEA"]).update(on_hand=12, held=1, damaged=2)
    Variant.objects.filter(pk=ids["JAM"]).update(backordered=4)
    with pytest.raises(CommandError, match="5 differences"):
        call_command("stock", "rebuild", "--check")
    call_command("stock", "rebuild", "--apply")
    assert "TEA at BLR: on_hand is 12, explained are 10" in capsys.readouterr().out
    assert (differences(), makers.level("TEA")) == ([], (10, 3))
    event = Event.objects.get(kind="stock.rebuilt", stream=str(ids["TEA"]))
    assert event.facts["on_hand"] == {"from": 12, "to": 10}
    makers.assert_adds_up()


def test_a_level_the_ledger_cannot_explain_is_left_for_a_count(ids: Any) -> None:
    from inventory.models import Hold

    makers.commit("o", {ids["JAM"]: 5})
    level = Level.objects.get(variant=ids["JAM"])
    Hold.objects.create(
        id=uuid.uuid4(), stream="ghost", warehouse_id=level.warehouse_id, variant_id=ids["JAM"], taken=1, quantity=1,
        status="committed", created_at=timezone.now(),
    )
    assert stock.rebuild_all().left
    assert makers.level("JAM") == (5, 5)


def test_availability_says_what_may_be_ordered_now_in_one_statement(ids: Any, django_assert_num_queries: Any) -> None:
    makers.commit("o", {ids["TEA"]: 4})
    makers.policy("JAM", "backorder", limit=2)
    with django_assert_num_queries(1):
        answer = Client().get("/storefront/availability?sku=TEA,jam&sku=NONE")
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.json() == {
        "data": [
            {"sku": "JAM", "available": 5, "backorder": True, "policy": "backorder", "availableOn": None},
            {"sku": "TEA", "available": 6, "backorder": False, "policy": "deny", "availableOn": None},
        ],
        "unknown": ["NONE"],
    }


@pytest.mark.parametrize("query", ["", "sku=", "sku=a%20b", "page=1&sku=TEA", "sku=" + ",".join(f"S{n}" for n in range(201))])
def test_a_wrong_question_about_availability_is_refused(ids: Any, query: str) -> None:
    assert Client().get(f"/storefront/availability?{query}").status_code == 400
