"""Exceptions and business days at the console and over the API (UX B5.7, B8)."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from django.utils import timezone
from django.utils.timezone import localdate

from orders.models import Case, Order, ReconciliationRun
from orders.reconciliation import runs
from payments.models import ClosedDay, Refund
from tests import makers as api
from tests.flows import makers as shop
from tests.pages.test_console import page_of, send
from tests.reconciliation import makers
from timeline.models import Event
from timeline.operations import operation

if TYPE_CHECKING:
    from django.test import Client

    from tests.payments.fake_gateway import FakeGateway
    from tests.standing import Stand

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def case(stand: Stand, shop_gateway: FakeGateway) -> Case:
    """A refund the gateway refused."""
    return stand(refused, shop_gateway)


def refused(gateway: FakeGateway) -> Case:
    shop.product("TEA-1", units=50)
    order = makers.paid(gateway, {"TEA-1": 1})
    with operation("refund.ask", actor=makers.ASHA, stream=str(order.pk)) as op:
        refund = makers.payments.ask_refund(op, payment_id=makers.payment(order).pk, amount_minor=700, reason_code="goodwill")
        makers.payments.fail_refund(op, refund_id=refund.pk, code="BAD", reason="no balance")
    makers.run()
    return makers.only("refund_failed")


def path_of(case: Case, what: str = "") -> str:
    return f"/console/exceptions/{case.pk}/{what}"


def json_of(answer: Any) -> Any:
    return json.loads(answer.content)


def fresh(case: Case) -> Case:
    return Case.objects.get(pk=case.pk)


def test_the_queue_and_the_case_are_drawn(case: Case, asha: Client) -> None:
    page_of(asha, "/console/exceptions/")
    said = asha.get("/console/exceptions/?owner=finance&cause=refund_failed&kind=payment").content.decode()
    assert path_of(case) in said
    assert path_of(case) not in asha.get("/console/exceptions/?owner=warehouse").content.decode()
    page_of(asha, path_of(case))
    said = asha.get(path_of(case)).content.decode()
    assert "no balance" in said
    assert "Retry the refund" in said
    assert asha.get("/console/exceptions/00000000-0000-0000-0000-000000000000/").status_code == 404


def test_the_button_does_what_the_case_suggests(case: Case, asha: Client) -> None:
    assert send(asha, path_of(case, "act/"), sheet=path_of(case)).status_code == 302
    assert Refund.objects.get().status == "pending"
    assert fresh(case).status == "open"
    assert send(asha, path_of(case, "act/"), sheet=path_of(case)).status_code == 409
    makers.run(later=timedelta(hours=2))
    assert fresh(case).resolution == "cleared"
    page_of(asha, path_of(case))


def test_it_is_explained_with_a_reason_once(case: Case, asha: Client) -> None:
    answer = send(asha, path_of(case, "resolve/"), sheet=path_of(case), resolution="claimed", note="Claim 4711 is filed.")
    assert answer.status_code == 302
    found = fresh(case)
    assert (found.status, found.resolution, found.words()) == ("resolved", "claimed", "Claim 4711 is filed.")
    assert "Claim 4711" in asha.get(path_of(case)).content.decode()
    assert "4711" not in json.dumps([event.facts for event in Event.objects.filter(stream=case.story)])
    assert asha.post(path_of(case, "resolve/"), {"resolution": "other"}).status_code == 409
    assert asha.post(path_of(case, "resolve/"), {"resolution": "perhaps"}).status_code == 422


def test_it_is_put_off(case: Case, asha: Client) -> None:
    until = localdate() + timedelta(days=3)
    assert send(asha, path_of(case, "snooze/"), sheet=path_of(case), until=until.isoformat()).status_code == 302
    assert path_of(case) not in asha.get("/console/exceptions/").content.decode()
    assert path_of(case) in asha.get("/console/exceptions/?state=snoozed").content.decode()
    for bad in ((localdate() - timedelta(days=1)).isoformat(), (until + timedelta(days=60)).isoformat(), "soon"):
        assert asha.post(path_of(case, "snooze/"), {"until": bad}).status_code == 422


def test_days_are_drawn_compared_and_closed(case: Case, asha: Client) -> None:
    today = localdate()
    page_of(asha, "/console/reconciliation/")
    path = f"/console/reconciliation/{today}/"
    page_of(asha, path)
    assert path_of(case) in asha.get(path).content.decode()
    assert send(asha, f"{path}reconcile/", sheet=path).status_code == 302
    assert "waiting for its turn" in asha.get(path).content.decode()
    page_of(asha, path)
    assert runs.perform_due() == 1
    assert asha.post(f"{path}close/").status_code == 409
    assert b"".join(asha.get(f"{path}table.csv").streaming_content).startswith(b"date,order,channel")  # type: ignore[attr-defined]
    for bad in ("soon", "2026-13-01", (today + timedelta(days=1)).isoformat()):
        assert asha.get(f"/console/reconciliation/{bad}/").status_code == 404


def test_a_closed_day_shows_its_seal(asha: Client) -> None:
    day = localdate() - timedelta(days=1)
    runs.perform(runs.ask_day(day).pk)
    if timezone.localtime().hour < 1:
        pytest.skip("The day ended less than an hour ago.")
    path = f"/console/reconciliation/{day}/"
    assert send(asha, f"{path}close/", sheet=path).status_code == 302
    assert ClosedDay.objects.get().digest in asha.get(path).content.decode()
    page_of(asha, path)
    page_of(asha, "/console/reconciliation/")


def test_the_list_costs_the_same_for_one_as_for_many(case: Case, asha: Client, django_assert_num_queries: Any) -> None:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    with CaptureQueriesContext(connection) as one:
        asha.get("/console/exceptions/")
    with operation("refund.ask", actor=makers.ASHA, stream=case.stream) as op:
        for _ in range(3):
            refund = makers.payments.ask_refund(
                op, payment_id=Refund.objects.all()[0].payment_id, amount_minor=100, reason_code="goodwill"
            )
            makers.payments.fail_refund(op, refund_id=refund.pk, code="BAD", reason="no balance")
    makers.run(later=timedelta(hours=2))
    with django_assert_num_queries(len(one)):
        asha.get("/console/exceptions/")


def test_strangers_see_none_of_it(case: Case, client: Client) -> None:
    assert client.get(path_of(case)).status_code == 302
    for path in ("/admin/cases", f"/admin/cases/{case.pk}", f"/admin/reconciliation/days/{localdate()}"):
        assert api.nobody().get(path).status_code == 401
        assert api.customer().get(path).status_code == 403
        assert api.staff("orders:read").get(path).status_code == 403


def test_the_api_reads_and_explains_cases(case: Case) -> None:
    boss = api.staff("reconciliation:read", "reconciliation:write")
    row = json_of(boss.get("/admin/cases", status="open", kind="payment", cause="refund_failed", owner="finance"))["data"][0]
    assert (row["id"], row["action"], row["amount"], row["theirs"]["reason"]) == (str(case.pk), "retry_refund", 700, "no balance")
    assert json_of(boss.get("/admin/cases", owner="warehouse"))["data"] == []
    assert boss.get("/admin/cases", cause="magic").status_code == 400
    path = f"/admin/cases/{case.pk}"
    assert json_of(boss.get(path))["orderNumber"] == Order.objects.get().number
    for missing in ("/admin/cases/nonsense", "/admin/cases/00000000-0000-0000-0000-000000000000"):
        assert boss.get(missing).status_code == 404
    for bad in ({}, {"resolution": "magic"}, {"resolution": "other", "more": 1}, {"resolution": "other", "note": "x" * 2001}):
        assert boss.post(f"{path}/resolve", bad).status_code == 400
    assert boss.post(f"{path}/snooze", {"until": "2020-01-01T00:00:00Z"}).status_code == 422
    until = (timezone.now() + timedelta(days=2)).isoformat()
    assert boss.post(f"{path}/snooze", {"until": until}).status_code == 200
    assert boss.post(f"{path}/act", {}).status_code == 200
    resolved = boss.post(f"{path}/resolve", {"resolution": "corrected", "note": "Retried."}, key="resolve-once")
    assert (resolved.status_code, json_of(resolved)["note"]) == (200, "Retried.")
    assert boss.post(f"{path}/resolve", {"resolution": "corrected", "note": "Retried."}, key="resolve-once").content == resolved.content
    assert boss.post(f"{path}/resolve", {"resolution": "corrected"}).status_code == 409
    assert boss.post(f"{path}/act", {}).status_code == 409


def test_the_api_runs_and_reads_days(case: Case) -> None:
    boss = api.staff()
    asked = boss.post("/admin/reconciliation/runs", {"date": localdate().isoformat()})
    assert (asked.status_code, json_of(asked)["state"]) == (202, "due")
    path = f"/admin/reconciliation/runs/{json_of(asked)['id']}"
    assert json_of(boss.get(path))["state"] == "due"
    runs.perform_due()
    done = json_of(boss.get(path))
    assert (done["state"], done["done"], done["total"], done["counts"]) == (
        "finished", len(runs.CHECKS), len(runs.CHECKS), {"refund_failed": 1}
    )
    tomorrow = (localdate() + timedelta(days=1)).isoformat()
    assert boss.post("/admin/reconciliation/runs", {"date": tomorrow}).status_code == 422
    for bad in ({}, {"date": "soon"}, {"date": 5}, {"date": tomorrow, "more": 1}):
        assert boss.post("/admin/reconciliation/runs", bad).status_code == 400
    day = f"/admin/reconciliation/days/{localdate()}"
    said = json_of(boss.get(day))
    assert (said["report"]["openCases"], said["closed"]) == (1, None)
    assert b"".join(boss.get(f"{day}.csv").streaming_content).count(b"\r\n") == 2  # type: ignore[attr-defined]
    refused = boss.post(f"{day}/close", {})
    assert (refused.status_code, json_of(refused)["type"]) == (409, "/problems/too-early")
    assert boss.get("/admin/reconciliation/days/2026-02-30").status_code == 404
    assert boss.get("/admin/reconciliation/runs/nonsense").status_code == 404
    assert ReconciliationRun.objects.filter(finished_at=None).count() == 0
