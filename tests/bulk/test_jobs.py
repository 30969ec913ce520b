"""Jobs: a file's rows done once each, whoever dies (A3, B58, F11, F16), tried before, called off, looked at."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from orders.bulk import asking, running
from orders.bulk.kinds import KINDS
from orders.models import Job, JobChunk, JobResult, Order
from orders.operations import jobs
from shipping.models import Shipment
from tests import makers
from tests.books.dying import Death, Died, dying
from timeline.models import Event
from timeline.operations import operation

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.makers import Caller

FULFILMENTS, STATUSES = "/admin/jobs/fulfilments", "/admin/jobs/statuses"
HEAD = "order_number,carrier,tracking_number,sku,quantity,shipped_at"
pytestmark = pytest.mark.django_db


def read(response: Any, status: int = 200) -> Any:
    assert response.status_code == status, (response.status_code, response.content[:2000])
    return json.loads(response.content)


def upload(boss: Caller, lines: Sequence[str], *, path: str = FULFILMENTS, head: str = HEAD, expect: int = 202, **words: Any) -> Any:
    raw = "\n".join([head, *lines]).encode()
    return read(boss.post(path, raw, content_type="text/csv", **words), expect)


def run() -> None:
    """A worker that lives until nothing is left."""
    for _ in range(50):
        if not running.run_due(60):
            return
    pytest.fail("the job never ended")


def job_of(boss: Caller, job: Any) -> Any:
    return read(boss.get(f"/admin/jobs/{job['id']}"))


def counts(job: Any) -> tuple[int, int, int]:
    return job["ok"], job["unchanged"], job["failed"]


def rows(boss: Caller, job: Any, **query: Any) -> list[Any]:
    found: list[Any] = read(boss.get(f"/admin/jobs/{job['id']}/rows", **query))["data"]
    return found


def test_a_file_of_parcels_is_shipped_row_by_row_and_says_what_it_refused() -> None:
    boss = makers.staff()
    one, two, held = makers.processing_order(), makers.processing_order(lines=2), makers.paid_order()
    first, second = two.lines.order_by("place")
    job = upload(boss, [
        f"{one.number},Blue Dart,BD1,,,{timezone.localtime():%Y-%m-%d %H:%M}",
        f"{two.number.lower()},Delhivery,DL2,{first.sku},1,",
        f"{two.number},Delhivery,DL2,{second.sku},,",
        f"{held.number},Blue Dart,BD3,,,",
        "ORD-19990101-00001,Blue Dart,BD4,,,",
        f"{two.number},Blue Dart,1.23E+12,,,",
        f"{two.number},Blue Dart,BD6,NOT-IN-IT,1,",
        f"{two.number},Blue Dart,BD7,{first.sku},9,",
    ])
    assert (job["status"], job["total"], job["kind"]) == ("queued", 8, "fulfilments")
    run()
    done = job_of(boss, job)
    assert (done["status"], counts(done)) == ("done", (3, 0, 5))
    assert makers.again(one).status == "shipped"
    parcel = Shipment.objects.get(tracking_number="DL2")
    assert [(item["sku"], item["quantity"]) for item in parcel.contents] == [(first.sku, 1), (second.sku, 2)]
    assert [row["code"] for row in rows(boss, job, outcome="failed")] == [
        "conflict", "not-found", "bad-cell", "no-such-sku", "too-many-units",
    ]
    said = Event.objects.get(stream=str(one.pk), kind="order.shipped")
    assert (said.channel, said.request_id, said.actor_type) == ("job", job["id"].replace("-", ""), "api_client")


def test_the_same_file_again_changes_nothing() -> None:
    boss = makers.staff()
    order, split = makers.processing_order(), makers.processing_order()
    sku = split.lines.get().sku
    lines = [f"{order.number},Blue Dart,BD1,,,", f"{split.number},Blue Dart,BD2,{sku},1,"]
    upload(boss, lines)
    run()
    again = upload(boss, [*lines, f"{split.number},Blue Dart,BD2,{sku},2,"])
    run()
    assert counts(job_of(boss, again)) == (0, 1, 2)
    assert [row["code"] for row in rows(boss, again)] == [None, "number-taken", "number-taken"]
    plain = upload(boss, lines)
    run()
    assert counts(job_of(boss, plain)) == (0, 2, 0)
    assert Shipment.objects.count() == 2


def test_a_parcel_that_was_booked_here_is_handed_over_by_its_number() -> None:
    boss, order = makers.staff(), makers.processing_order()
    row = {"orderId": order.number, "carrier": "Blue Dart", "trackingNumber": "BD1"}
    assert read(boss.post("/admin/shipments/batch", {"rows": [row]}, key=True))["succeeded"] == 1
    upload(boss, [f"{order.number},Blue Dart,BD1,,,"])
    run()
    assert (Shipment.objects.get().status, makers.again(order).status) == ("shipped", "shipped")


def test_steps_come_as_a_file_too() -> None:
    boss, order, other = makers.staff(), makers.paid_order(), makers.placed_order()
    job = upload(boss, [
        f"{order.number},processing,First", f"{order.number},shipped,", f"{order.number},shipped,Again",
        f"{other.number},delivered,", f"{other.number},lost,",
    ], path=STATUSES, head="order_number,status,note")
    run()
    assert counts(job_of(boss, job)) == (2, 1, 2)
    assert Event.objects.filter(stream=str(order.pk), kind="note.added").count() == 1
    assert rows(boss, job, outcome="failed")[0]["detail"] == "The order is pending; from here it may be confirmed, cancelled."


def test_a_dry_run_says_what_would_happen_and_changes_nothing() -> None:
    """A later row of the same order sees what the earlier one would have done."""
    boss, order, other = makers.staff(), makers.paid_order(), makers.placed_order()
    before = Event.objects.count()
    lines = [f"{order.number},processing,", f"{order.number},shipped,", f"{order.number},processing,", f"{other.number},shipped,"]
    raw = "\n".join(["order_number,status", *(line[:-1] for line in lines)])
    tried = read(boss.post(STATUSES, {"csv": raw, "dryRun": True, "name": "steps.csv"}), 202)
    run()
    done = job_of(boss, tried)
    assert (done["dryRun"], done["status"], counts(done)) == (True, "done", (2, 0, 2))
    assert (makers.again(order).status, Shipment.objects.count()) == ("confirmed", 0)
    assert Event.objects.exclude(subject_type="orders.job").count() == before
    applied = read(boss.post(f"/admin/jobs/{tried['id']}/apply"), 202)
    run()
    assert counts(job_of(boss, applied)) == counts(done)
    assert makers.again(order).status == "shipped"
    assert read(boss.post(f"/admin/jobs/{tried['id']}/apply"), 409)["type"] == "/problems/applied-before"
    assert read(boss.post(f"/admin/jobs/{applied['id']}/apply"), 409)["type"] == "/problems/trial-required"
    assert job_of(boss, tried)["appliedById"] == applied["id"]


def test_refused_rows_come_back_as_a_file_that_can_be_put_right_and_sent() -> None:
    boss, order = makers.staff(), makers.paid_order()
    job = upload(boss, [f"{order.number},=cmd|' /C calc'!A0,BD1,,,", f"{order.number},Blue Dart,BD2,,,"])
    run()
    answer = boss.get(f"/admin/jobs/{job['id']}/errors.csv")
    text = b"".join(answer.streaming_content).decode("utf-8-sig")  # type: ignore[attr-defined]
    assert answer.headers["Content-Disposition"].startswith("attachment")
    assert ",'=cmd|" in text
    assert "The order is confirmed" in text
    makers.processing_order  # noqa: B018 put right means: the order is being packed by now
    read(boss.patch(f"/admin/orders/{order.number}/status", {"status": "processing"}))
    again = read(boss.post(FULFILMENTS, text.encode(), content_type="text/csv"), 202)
    run()
    assert counts(job_of(boss, again)) == (1, 0, 1)


@pytest.mark.parametrize(("body", "words", "status", "pointer"), [
    (b"order_number,carrier\n", {}, 422, "#/lines/1"),
    (HEAD.encode() + b"\nORD-1,Caf\xe9,1,,,\n", {}, 422, "#/lines/2"),
    (HEAD.encode() + b"\n", {}, 422, None),
    (HEAD.encode(), {"content_type": "text/csv; charset=latin-1"}, 415, None),
    ({"csv": HEAD, "more": 1}, {"content_type": "application/json"}, 400, "#/more"),
])
def test_a_file_that_cannot_be_read_is_refused_and_nothing_is_taken(
    body: Any, words: dict[str, str], status: int, pointer: str | None
) -> None:
    answer = read(makers.staff().post(FULFILMENTS, body, **({"content_type": "text/csv"} | words)), status)
    assert pointer is None or answer["errors"][0]["pointer"] == pointer
    assert not Job.objects.exists()


def test_f60_a_file_larger_than_the_limit_is_refused_while_it_comes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asking, "BYTES_MAX", 100_000)
    body = HEAD.encode() + b"\n" + b"ORD-1,Blue Dart,BD1,,,\n" * 10_000
    assert makers.staff().post(FULFILMENTS, body, content_type="text/csv").status_code == 413


def test_a_file_of_more_than_two_megabytes_is_taken() -> None:
    lines = [f"ORD-20260101-{n:05d},Blue Dart,BD{n},,,{'':<30}" for n in range(40_000)]
    job = upload(makers.staff(), lines)
    assert job["total"] == 40_000
    assert JobChunk.objects.count() == 80
    assert JobChunk.objects.order_by("number").last().first == 39_500  # type: ignore[union-attr]


def test_the_same_key_and_file_is_one_job_and_another_file_is_refused() -> None:
    boss = makers.staff()
    first = upload(boss, ["A,B,C,,,"], key="file-key-1")
    assert upload(boss, ["A,B,C,,,"], key="file-key-1") == first
    assert upload(boss, ["A,B,D,,,"], key="file-key-1", expect=422)["type"] == "/problems/idempotency-key-reuse"
    assert Job.objects.count() == 1


def test_a_job_is_called_off_and_keeps_what_is_done() -> None:
    boss, orders = makers.staff(), [makers.paid_order() for _ in range(3)]
    job = upload(boss, [f"{order.number},processing" for order in orders], path=STATUSES, head="order_number,status")
    running.run_due(0.0)
    hand = running.lease()
    assert hand is not None
    assert read(boss.post(f"/admin/jobs/{job['id']}/cancel"))["cancelAsked"] is True
    running._serve(hand, 0.0)
    ended = job_of(boss, job)
    assert (ended["status"], ended["done"]) == ("cancelled", 0)
    assert read(boss.post(f"/admin/jobs/{job['id']}/cancel"), 409)["type"] == "/problems/has-ended"


def test_a_slice_stops_at_its_time_and_the_next_goes_on() -> None:
    boss, orders = makers.staff(), [makers.paid_order() for _ in range(3)]
    job = upload(boss, [f"{order.number},processing" for order in orders], path=STATUSES, head="order_number,status")
    seen = []
    for _ in range(3):
        hand = running.lease()
        assert hand is not None
        running._serve(hand, 0.0)
        seen.append(job_of(boss, job)["done"])
    assert seen == [1, 2, 3]
    assert job_of(boss, job)["status"] == "done"


def test_a_job_that_is_taken_up_again_and_again_stops_and_waits_for_a_person() -> None:
    boss, order = makers.staff(), makers.paid_order()
    job = upload(boss, [f"{order.number},processing"], path=STATUSES, head="order_number,status")
    for _ in range(running.STALLS_MAX):
        assert running.lease() is not None
        Job.objects.update(lease_until=timezone.now() - timedelta(seconds=1))
    run()
    assert job_of(boss, job)["status"] == "failed"
    assert read(boss.post(f"/admin/jobs/{job['id']}/retry"))["status"] == "queued"
    run()
    assert counts(job_of(boss, job)) == (1, 0, 0)


def test_f37_a_worker_that_lost_its_lease_lets_go() -> None:
    boss, orders = makers.staff(), [makers.paid_order() for _ in range(2)]
    job = upload(boss, [f"{order.number},processing" for order in orders], path=STATUSES, head="order_number,status")
    slow = running.lease()
    assert slow is not None
    Job.objects.update(lease_until=timezone.now() - timedelta(seconds=1))
    run()
    with pytest.raises(running.LeaseLost):
        running._serve(slow, 0.0)
    assert counts(job_of(boss, job)) == (2, 0, 0)
    assert Event.objects.filter(kind="order.processing_started").count() == 2


def test_a_row_that_breaks_the_code_stops_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    boss, orders = makers.staff(), [makers.paid_order() for _ in range(2)]
    job = upload(boss, [f"{order.number},processing" for order in orders], path=STATUSES, head="order_number,status")
    take, seen = KINDS["statuses"].act, []

    def act(op: Any, order_id: Any, wish: Any) -> str:
        seen.append(order_id)
        if len(seen) == 1:
            raise ZeroDivisionError
        return take(op, order_id, wish)

    monkeypatch.setitem(KINDS, "statuses", _with_act(act))
    run()
    assert counts(job_of(boss, job)) == (1, 0, 1)
    assert rows(boss, job, outcome="failed")[0]["code"] == "internal"


def _with_act(act: Any) -> Any:
    from dataclasses import replace

    return replace(KINDS["statuses"], act=act)


def test_scopes_are_those_of_the_rows() -> None:
    reader, clerk = makers.staff("orders:read"), makers.staff("orders:write", "orders:read")
    assert reader.post(STATUSES, {"csv": "x"}).status_code == 403
    assert clerk.post(FULFILMENTS, {"csv": "x"}).status_code == 403
    job = upload(makers.staff(), ["A,B,C,,,"])
    assert clerk.post(f"/admin/jobs/{job['id']}/cancel").status_code == 403
    assert read(clerk.get(f"/admin/jobs/{job['id']}"))["status"] == "queued"
    assert clerk.get("/admin/jobs/01890a5d-ac96-774b-bcce-b302099a8057").status_code == 404
    assert makers.customer().get("/admin/jobs").status_code in {401, 403}


def test_lists_cost_the_same_however_long() -> None:
    boss = makers.staff()

    def cost(path: str) -> int:
        with CaptureQueriesContext(connection ) as seen:
            read(boss.get(path))
        return len(seen)

    job = upload(boss, ["A,B,C,,,"])
    run()
    few = [cost("/admin/jobs"), cost(f"/admin/jobs/{job['id']}/rows")]
    job = upload(boss, ["A,B,C,,,"] * 20)
    for _ in range(5):
        upload(boss, ["A,B,C,,,"])
    run()
    assert [cost("/admin/jobs"), cost(f"/admin/jobs/{job['id']}/rows")] == few


def test_so_many_open_jobs_and_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jobs, "OPEN_JOBS_MAX", 1)
    boss = makers.staff()
    upload(boss, ["A,B,C,,,"])
    assert upload(boss, ["A,B,C,,,"], expect=409)["type"] == "/problems/too-many-jobs"


def test_the_database_keeps_one_result_a_row() -> None:
    """The constraint that every promise here rests on."""
    job = Job.objects.get(pk=upload(makers.staff(), ["A,B,C,,,"])["id"])
    with operation("test.keep", actor=makers.TESTER) as op:
        jobs.keep(op, job=job, rows=[(0, 2)], outcome="ok")
    with pytest.raises(IntegrityError), transaction.atomic():
        JobResult.objects.create(job=job, row=0, line=2, outcome="ok")


@pytest.mark.django_db(transaction=True)
def test_f11_f16_a_job_killed_at_any_commit_does_every_row_once() -> None:
    """A smaller `make bulk-proof`: die at each commit in turn, before and after it; another worker goes on."""
    boss = makers.staff()
    makers.product("TEA-1", units=10_000)
    for after in (False, True):
        for at in range(1, 40):
            order, other = (makers.placed_order(payment_method="cod", skus=["TEA-1"]) for _ in range(2))
            read(boss.patch(f"/admin/orders/{order.number}/status", {"status": "processing"}))
            job = upload(boss, [f"{order.number},Blue Dart,BD{after}{at},,,", f"{other.number},Blue Dart,X{at},,,"])
            death = Death(at, after)
            with dying(death):
                try:
                    run()
                except Died:
                    Job.objects.update(lease_until=timezone.now() - timedelta(seconds=1))
                    run()
            done = job_of(boss, job)
            assert (done["status"], counts(done)) == ("done", (1, 0, 1)), f"died at commit {at}"
            assert Shipment.objects.filter(stream=str(order.pk)).count() == 1
            assert Event.objects.filter(stream=str(order.pk), kind="order.shipped").count() == 1
            if not death.died:
                break
        assert at > 6
    assert not Order.objects.filter(status="confirmed", shipped_at__isnull=False).exists()
