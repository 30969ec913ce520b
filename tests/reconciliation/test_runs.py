"""A run finds what differs once, explains what explains itself, clears what is gone, and reopens what is back (B50, B51)."""

from __future__ import annotations

import io
import json
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone
from django.utils.timezone import localdate

from orders.models import Case, Order, ReconciliationRun
from orders.operations import cases, reconciling
from orders.reconciliation import runs
from orders.reconciliation.causes import CAUSES, KINDS, OWNERS, SEVERITIES
from payments.models import ClosedDay, Refund
from tests.flows import makers as shop
from tests.reconciliation import makers
from timeline.models import Event, Target
from timeline.operations import operation

if TYPE_CHECKING:
    from tests.payments.fake_gateway import FakeGateway

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def goods() -> None:
    shop.product("TEA-1", units=50)


def fail_refund(order: Order, amount_minor: int = 1000) -> Refund:
    """A refund the gateway refused."""
    with operation("refund.ask", actor=makers.ASHA, stream=str(order.pk)) as op:
        refund = makers.payments.ask_refund(
            op, payment_id=makers.payment(order).pk, amount_minor=amount_minor, reason_code="goodwill"
        )
        return makers.payments.fail_refund(op, refund_id=refund.pk, code="BAD", reason="no balance")


def retry_refund(refund: Refund) -> None:
    with operation("refund.retry", actor=makers.ASHA, stream=refund.stream) as op:
        makers.payments.retry_refund(op, refund_id=refund.pk)


def refuse_refund(refund: Refund) -> None:
    with operation("refund.fail", actor=makers.ASHA, stream=refund.stream) as op:
        makers.payments.fail_refund(op, refund_id=refund.pk, code="BAD", reason="no balance")


@pytest.mark.usefixtures("goods")
def test_a_clean_shop_has_no_difference(shop_gateway: FakeGateway) -> None:
    makers.delivered(shop_gateway, {"TEA-1": 2})
    makers.delivered(shop_gateway, {"TEA-1": 1}, paymentMethod="cod")
    makers.paid(shop_gateway, {"TEA-1": 1})
    shop.placed_order({"TEA-1": 1})
    shop.cancelled_order({"TEA-1": 1})
    run = makers.run()
    assert makers.found() == {}
    assert (run.found, run.unexplained, run.done, run.finished_at is not None) == (0, 0, len(runs.CHECKS), True)


@pytest.mark.usefixtures("goods")
def test_a_difference_is_one_case_however_often_it_is_found(shop_gateway: FakeGateway) -> None:
    order = makers.paid(shop_gateway, {"TEA-1": 2})
    refund = fail_refund(order)
    first, second = makers.run(), makers.run()
    case = makers.only("refund_failed")
    assert (first.opened, second.opened, second.found) == (1, 0, 1)
    assert (case.status, case.amount_minor, case.order_id, case.owner) == ("open", refund.amount_minor, order.pk, "finance")
    assert Event.objects.filter(kind__startswith="case.").count() == 1
    assert Target.objects.filter(event__kind="case.opened", type="order", target_id=order.pk.hex).exists()


@pytest.mark.usefixtures("goods")
def test_what_is_gone_is_cleared_and_what_is_back_is_reopened(shop_gateway: FakeGateway) -> None:
    refund = fail_refund(makers.paid(shop_gateway, {"TEA-1": 2}))
    makers.run()
    retry_refund(refund)
    assert makers.run(later=timedelta(hours=2)).cleared == 1
    case = makers.only("refund_failed")
    assert (case.status, case.resolution, case.is_present, case.resolved_by) == ("resolved", "cleared", False, "system:reconciliation")
    refuse_refund(refund)
    assert makers.run(later=timedelta(hours=3)).opened == 1
    case = makers.only("refund_failed")
    assert (case.status, case.resolution, case.is_present) == ("open", "", True)
    kinds = list(Event.objects.filter(stream=case.story).order_by("stream_seq").values_list("kind", flat=True))
    assert kinds == ["case.opened", "case.resolved", "case.reopened"]


@pytest.mark.usefixtures("goods")
def test_what_a_person_explained_stays_explained_until_it_changes(shop_gateway: FakeGateway) -> None:
    order = makers.paid(shop_gateway, {"TEA-1": 2})
    makers.tamper("UPDATE orders_order SET paid_minor = paid_minor + 5 WHERE id = %s", order.pk.hex if _lite() else order.pk)
    makers.run()
    case = makers.only("axes_differ")
    with operation("case.resolve", actor=makers.ASHA, stream=case.story) as op:
        cases.resolve(op, case_id=case.pk, resolution="expected", note="Seen by Asha.")
    makers.run(later=timedelta(hours=2))
    case = makers.only("axes_differ")
    assert (case.status, case.words(), case.resolved_by) == ("resolved", "Seen by Asha.", "staff:7")
    makers.tamper("UPDATE orders_order SET paid_minor = paid_minor + 2 WHERE id = %s", order.pk.hex if _lite() else order.pk)
    makers.run(later=timedelta(hours=3))
    assert (makers.only("axes_differ").status, makers.only("axes_differ").amount_minor) == ("open", 7)


@pytest.mark.usefixtures("goods")
def test_what_comes_back_after_its_day_was_closed_is_a_case_of_its_own(shop_gateway: FakeGateway) -> None:
    refund = fail_refund(makers.paid(shop_gateway, {"TEA-1": 2}))
    makers.run()
    old = makers.only("refund_failed")
    retry_refund(refund)
    makers.run(later=timedelta(hours=2))
    makers.tamper("UPDATE orders_case SET day = %s", (localdate() - timedelta(days=3)).isoformat())
    ClosedDay.objects.create(
        day=localdate() - timedelta(days=2), report={}, digest="0" * 64, closed_at=timezone.now(), closed_by="tests"
    )
    refuse_refund(refund)
    makers.run(later=timedelta(hours=3))
    assert makers.found() == {"refund_failed": 2}
    assert Case.objects.get(pk=old.pk).status == "resolved"
    new = Case.objects.exclude(pk=old.pk).get()
    assert (new.root, new.status, new.day) == (old.root, "open", localdate())
    makers.run(later=timedelta(hours=4))
    assert Case.objects.count() == 2


@pytest.mark.usefixtures("goods")
def test_a_resolved_case_is_not_resolved_again_nor_put_off(shop_gateway: FakeGateway) -> None:
    fail_refund(makers.paid(shop_gateway, {"TEA-1": 2}))
    makers.run()
    case = Case.objects.get()
    with operation("case.snooze", actor=makers.ASHA, stream=case.story) as op, pytest.raises(cases.TooLong):
        cases.snooze(op, case_id=case.pk, until=op.now + timedelta(days=31))
    with operation("case.snooze", actor=makers.ASHA, stream=case.story) as op:
        cases.snooze(op, case_id=case.pk, until=op.now + timedelta(days=2))
    with operation("case.resolve", actor=makers.ASHA, stream=case.story) as op:
        cases.resolve(op, case_id=case.pk, resolution="written_off")
    for verb, words in ((cases.resolve, {"resolution": "other"}), (cases.snooze, {"until": timezone.now()})):
        with pytest.raises(cases.AlreadyResolved), operation("case.again", actor=makers.ASHA, stream=case.story) as op:
            verb(op, case_id=case.pk, **words)


def test_a_run_asked_for_by_hand_is_done_in_the_background() -> None:
    asked = runs.ask_day(localdate())
    assert (asked.started_at, runs.perform_due(), runs.perform_due()) == (None, 1, 0)
    run = ReconciliationRun.objects.get(pk=asked.pk)
    assert run.finished_at is not None
    assert Event.objects.get(kind="reconciliation.done").facts["found"] == 0


def test_a_run_left_half_done_is_begun_anew() -> None:
    asked = runs.ask_day(localdate())
    with operation("test.start", actor=makers.TESTER) as op:
        assert reconciling.start_run(op, run_id=asked.pk, total=3)
    assert runs.perform_due() == 0
    ReconciliationRun.objects.update(seen_at=timezone.now() - timedelta(minutes=11))
    assert runs.perform_due() == 1


def test_days_that_cannot_be_are_refused() -> None:
    today = localdate()
    for first, last in ((today, today - timedelta(days=1)), (today, today + timedelta(days=1)), (today - timedelta(days=400), today)):
        with pytest.raises(reconciling.BadDays):
            runs.ask(first=first, last=last)


def test_the_night_is_reconciled_once_and_not_too_early() -> None:
    yesterday = localdate() - timedelta(days=1)
    midnight = makers.start_of(localdate())
    assert runs.nightly(midnight + timedelta(minutes=59)) is None
    run = runs.nightly(midnight + timedelta(hours=2))
    assert run is not None
    assert run.last_day == yesterday
    assert runs.nightly() is None


@pytest.mark.usefixtures("goods")
def test_the_command_says_what_is_open_and_fails_then(shop_gateway: FakeGateway) -> None:
    order = makers.paid(shop_gateway, {"TEA-1": 2})
    day = localdate().isoformat()
    call_command("reconcile", "--date", day, stdout=io.StringIO())
    fail_refund(order)
    out = io.StringIO()
    with pytest.raises(CommandError, match="1 differences are unexplained"):
        call_command("reconcile", "--date", day, "--json", stdout=out)
    said = json.loads(out.getvalue())
    assert (said["counts"], said["open"][0]["cause"]) == ({"refund_failed": 1}, "refund_failed")


def test_every_cause_says_what_it_is_whose_it_is_and_what_to_do() -> None:
    for cause in CAUSES.values():
        assert cause.kind in KINDS
        assert cause.owner in OWNERS
        assert cause.severity in SEVERITIES
        assert cause.sentence.endswith(".")
        assert cause.fix.endswith(".")
        assert not (cause.explains_itself and cause.action)


def _lite() -> bool:
    from django.db import connection

    return connection.vendor == "sqlite"
