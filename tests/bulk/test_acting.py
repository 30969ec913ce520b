"""One action on many orders: what each would say, and a job of one row an order (B58, B89)."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pytest

from orders.bulk import acting, asking, running
from orders.models import Job, JobResult
from tests import makers
from timeline.models import Event
from timeline.operations import operation

if TYPE_CHECKING:
    from tests.makers import Caller

BULK = "/admin/orders/bulk"
pytestmark = pytest.mark.django_db


def read(response: Any, status: int = 200) -> Any:
    assert response.status_code == status, (response.status_code, response.content[:2000])
    return json.loads(response.content)


def ask(boss: Caller, status: int = 202, key: str = "bulk-key-1", **body: Any) -> Any:
    return read(boss.post(BULK, body, **{"Idempotency-Key": key}), status)


def run() -> None:
    while running.run_due(60):
        pass


def test_the_preview_says_how_many_can_and_groups_the_reasons_of_the_others() -> None:
    boss = makers.staff()
    ready, waiting, packed = makers.paid_order(), makers.placed_order(), makers.processing_order()
    events = Event.objects.count()

    found = ask(boss, 200, action="start_processing", ids=[ready.number, str(waiting.pk), packed.number, "ORD-19990101-00001"], dryRun=True)

    assert (found["total"], found["can"], found["cannot"]) == (4, 1, 3)
    said = {group["code"]: group for group in found["reasons"]}
    assert said["transition-not-allowed"]["detail"] == "The order is pending; from here it may be confirmed, cancelled."
    assert said["transition-not-allowed"]["orders"] == [waiting.number]
    assert said["unchanged"]["count"] == said["not-found"]["count"] == 1
    assert Event.objects.count() == events
    assert not Job.objects.exists()


def test_a_job_does_what_can_be_done_and_sent_again_is_the_same_job() -> None:
    boss = makers.staff()
    ready, waiting = makers.paid_order(), makers.placed_order()
    names = [ready.number, waiting.number]

    job = ask(boss, action="start_processing", ids=names, params={"note": "Wave of noon"})
    again = ask(boss, action="start_processing", ids=names, params={"note": "Wave of noon"})
    run()

    assert again["id"] == job["id"]
    assert (job["kind"], job["name"], job["total"]) == ("actions", "Start processing", 2)
    assert makers.again(ready).status == "processing"
    assert makers.again(waiting).status == "pending"
    rows = read(boss.get(f"/admin/jobs/{job['id']}/rows"))["data"]
    assert [row["outcome"] for row in rows] == ["ok", "failed"]
    assert rows[1]["detail"] == "The order is pending; from here it may be confirmed, cancelled."
    assert Event.objects.filter(stream=str(ready.pk), kind="note.added").count() == 1


def test_a_search_is_what_fits_at_that_moment_and_no_more() -> None:
    boss = makers.staff()
    first = makers.paid_order()
    job = ask(boss, action="hold", q="status:confirmed", params={"reason": "stock"})
    late = makers.paid_order()
    run()
    assert job["total"] == 1
    assert makers.again(first).on_hold
    assert not makers.again(late).on_hold


@pytest.mark.parametrize(("status", "body"), [
    (400, {"action": "explode", "ids": ["ORD-1"]}),
    (400, {"action": "hold", "ids": ["ORD-1"], "q": "is:held", "params": {"reason": "stock"}}),
    (400, {"action": "hold", "q": "statos:x", "params": {"reason": "stock"}}),
    (422, {"action": "hold", "ids": ["ORD-1"]}),
    (422, {"action": "ship", "ids": ["ORD-1"], "params": {"carrier": "pigeon"}}),
    (422, {"action": "release", "ids": ["ORD-1"], "params": {"note": "x"}}),
    (422, {"action": "note", "q": "status:delivered", "params": {"note": "x"}}),
])
def test_what_is_not_understood_is_refused(status: int, body: dict[str, Any]) -> None:
    ask(makers.staff(), status, **body)
    assert not Job.objects.exists()


def test_a_job_needs_a_key_and_a_preview_none() -> None:
    boss = makers.staff()
    order = makers.placed_order()
    body = {"action": "hold", "ids": [order.number], "params": {"reason": "stock"}}
    assert boss.post(BULK, body).status_code == 428
    assert boss.post(BULK, {**body, "dryRun": True}).status_code == 200


def test_what_the_preview_says_is_what_the_rows_say() -> None:
    """B89: a preview that promised what the job then refuses is worse than none."""
    boss = makers.staff()
    orders = [makers.placed_order(), makers.paid_order(), makers.processing_order()]
    ask(boss, action="hold", ids=[orders[1].number], params={"reason": "stock"})
    run()
    words = {"hold": {"reason": "stock"}, "cancel": {"reason": "other"}, "note": {"note": "x"}, "tag": {"tag": "x"}, "untag": {"tag": "x"},
             "assign": {"assignee": "asha"}}
    makers.member("asha")
    for name, action in acting.ACTIONS.items():
        found = acting.preview(action, [order.number.lower() for order in orders])
        said = {number: group.detail for group in found.groups for number in group.numbers if group.code != "unchanged"}
        job_id = uuid4()
        with operation("test.trial", actor=makers.TESTER, stream=f"job:{job_id}") as op:
            rows = acting.rows_of(acting.wish_of(action, words.get(name, {})), [order.number for order in orders])
            asking.ask_rows(op, job_id=job_id, kind_name=Job.Kind.ACTIONS, rows=rows, is_dry_run=True)
        run()
        told = JobResult.objects.filter(job=job_id, outcome="failed")
        assert dict(told.values_list("order__number", "detail")) == said, name


def test_the_preview_costs_the_same_for_two_as_for_five(django_assert_num_queries: Any) -> None:
    numbers = [makers.placed_order().number for _ in range(5)]
    for count in (2, 5):
        with django_assert_num_queries(2):
            acting.preview(acting.ACTIONS["cancel"], numbers[:count])


def test_a_hold_and_its_release_and_a_cancel() -> None:
    boss = makers.staff()
    order = makers.paid_order()
    for place, (action, params) in enumerate([("hold", {"reason": "fraud"}), ("release", {}), ("release", {}), ("cancel", {"reason": "fraud"})]):
        job = ask(boss, key=f"step-key-{place}", action=action, ids=[order.number], params=params)
        run()
        last = read(boss.get(f"/admin/jobs/{job['id']}"))
        assert last["ok"] == (place != 2), action
    assert makers.again(order).status == "cancelled"
