"""B91 to B93: what is slow is said without values, what breaks is told once and once more when it is over."""

from __future__ import annotations

import json
import re
import uuid
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
import responses
import structlog
from django.conf import settings
from django.core import mail
from django.db import IntegrityError, connection
from django.test import Client, override_settings
from django.utils import timezone
from prometheus_client.parser import text_string_to_metric_families
from standardwebhooks import Webhook
from structlog.testing import capture_logs

from config import env
from orders.alerts import rules, watch
from orders.models import Incident, Order
from payments.models import Payment
from tests import makers
from tests.analytics.counting import count_now
from timeline import watching
from timeline.endpoints import signing
from timeline.errors import Refused
from timeline.models import Delivery, Event
from timeline.operations import operation

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.django_db
BROKEN: dict[str, str] = {}


@pytest.fixture
def rule(monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, str]]:
    """One rule that says what the test wants."""
    BROKEN.clear()
    monkeypatch.setattr(watch, "RULES", {"tested": lambda _: BROKEN.get("tested", "")})
    yield BROKEN
    BROKEN.clear()


@override_settings(SLOW_OPERATION_MS=1)
def test_b92_a_slow_operation_is_said_with_its_name() -> None:
    with capture_logs() as lines, operation("test.slow", actor=makers.STAFF, stream="s-1"), connection.cursor() as cursor:
        cursor.execute("SELECT 1")
        list(Event.objects.all())
        __import__("time").sleep(0.003)
    (line,) = [line for line in lines if line["event"] == "operation.slow"]
    assert line["took_ms"] >= 3


def test_b91_lines_inside_an_operation_carry_its_name_actor_and_story() -> None:
    with operation("test.named", actor=makers.STAFF, stream="s-1"):
        inside = structlog.contextvars.get_contextvars()
    assert (inside["operation"], inside["stream"]) == ("test.named", "s-1")
    assert inside["actor"] == f"{makers.STAFF.type}:{makers.STAFF.id}"
    assert "operation" not in structlog.contextvars.get_contextvars()


def test_b91_every_operation_is_said_once_and_how_it_ended(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO", logger=watching.OPERATIONS)
    with capture_logs(processors=[structlog.contextvars.merge_contextvars]) as lines:
        with operation("test.done", actor=makers.STAFF) as op:
            op.open_stream("s-2")
        with pytest.raises(Refused), operation("test.refused", actor=makers.STAFF, stream="s-1"):
            raise Refused
    done, undone = lines
    assert (done["event"], done["operation"], done["stream"], done["log_level"]) == ("operation.done", "test.done", "s-2", "info")
    assert (undone["event"], undone["operation"], undone["stream"], undone["error"]) == ("operation.undone", "test.refused", "s-1", "Refused")
    assert undone["actor"] == f"{makers.STAFF.type}:{makers.STAFF.id}"
    caplog.set_level("WARNING", logger=watching.OPERATIONS)
    with capture_logs() as lines, operation("test.unread", actor=makers.STAFF):
        pass
    assert lines == []


@override_settings(SLOW_STATEMENT_MS=1)
def test_b92_a_slow_statement_is_said_without_its_values() -> None:
    def slow(sql: str, params: Any, many: bool, context: Any) -> str:
        __import__("time").sleep(0.003)
        return "done"

    with capture_logs() as lines:
        assert watching.time_statement(slow, "SELECT  *\nFROM t WHERE e = %s", ["priya@example.in"], False, {}) == "done"
    (line,) = lines
    assert (line["event"], line["sql"]) == ("statement.slow", "SELECT * FROM t WHERE e = %s")
    assert "priya" not in json.dumps(line)


def test_b92_every_connection_is_watched_once() -> None:
    watching.attach(connection)
    watching.attach(connection)
    assert connection.execute_wrappers.count(watching.time_statement) == 1


@responses.activate
@override_settings(
    ALERT_EMAILS=["ops@example.in"], EMAIL_PROVIDER="smtp", ALERT_WEBHOOK_URL="https://pager.example/x",
    ALERT_WEBHOOK_SECRET=signing.new_secret(),
)
def test_b93_an_incident_is_told_once_and_once_more_when_it_is_over(rule: dict[str, str]) -> None:
    pager = responses.post("https://pager.example/x", status=204)
    now = timezone.now()
    rule["tested"] = "Three things are broken."
    for minutes in (0, 1, 5):
        watch.watch(now + timedelta(minutes=minutes))
    incident = Incident.objects.get()
    assert (len(mail.outbox), pager.call_count, incident.says) == (1, 1, "Three things are broken.")
    assert "Three things are broken." in mail.outbox[0].body
    sent: Any = pager.calls[0].request
    Webhook(settings.ALERT_WEBHOOK_SECRET).verify(sent.body, dict(sent.headers))

    rule.clear()
    watch.watch(now + timedelta(minutes=6))
    assert Incident.objects.get().recovered_at is None, "a moment without it is not its end"
    for minutes in (8, 9):
        watch.watch(now + timedelta(minutes=minutes))
    assert (len(mail.outbox), pager.call_count) == (2, 2)
    assert mail.outbox[1].subject.endswith("Over: tested")
    assert json.loads(pager.calls[1].request.body)["type"] == "alert.over"

    rule["tested"] = "Again."
    watch.watch(now + timedelta(minutes=20))
    assert (Incident.objects.count(), len(mail.outbox)) == (2, 3)
    assert list(Event.objects.filter(stream="alerts").order_by("id").values_list("kind", flat=True)) == ["alert.raised", "alert.over", "alert.raised"]


@responses.activate
@override_settings(ALERT_WEBHOOK_URL="https://pager.example/x")
def test_b93_operators_who_are_not_reached_are_told_later(rule: dict[str, str]) -> None:
    pager = responses.post("https://pager.example/x", status=503)
    now = timezone.now()
    rule["tested"] = "Broken."
    watch.watch(now)
    incident = Incident.objects.get()
    assert (incident.told_at, incident.tell_error) == (None, "HTTPError")
    watch.watch(now + timedelta(seconds=30))
    assert pager.call_count == 1, "not before its time"
    responses.replace(responses.POST, "https://pager.example/x", status=200)
    watch.watch(now + timedelta(seconds=90))
    assert Incident.objects.get().told_at is not None


def test_b93_at_most_one_incident_of_a_rule_is_open(rule: dict[str, str]) -> None:
    rule["tested"] = "Broken."
    watch.watch(timezone.now())
    row = Incident.objects.get()
    row.pk = uuid.uuid4()
    with pytest.raises(IntegrityError):
        row.save(force_insert=True)


def test_b93_a_sound_shop_breaks_no_rule_and_watching_it_writes_nothing() -> None:
    makers.paid_order()
    Delivery.objects.update(state="done")
    now = timezone.now()
    assert {name: rule(now) for name, rule in rules.RULES.items() if rule(now)} == {}
    watch.watch(now)
    assert not Incident.objects.exists()


@override_settings(SEAL_KEYS=["k:AAAA"])
def test_b93_each_rule_says_what_is_broken() -> None:
    order = makers.paid_order()
    later = timezone.now() + timedelta(hours=30)
    Delivery.objects.update(due_at=timezone.now() - timedelta(hours=1))
    first = Delivery.objects.order_by("id")[0]
    Delivery.objects.filter(pk=first.pk).update(state="parked")
    Order.objects.filter(pk=order.pk).update(state_since=later)
    said = {name: rule(later) for name, rule in rules.RULES.items()}
    assert said["deliveries_parked"].startswith("1 delivery is parked")
    assert "has waited for" in said["relay_stalled"]
    assert said["log_unsealed"].startswith("No checkpoint was signed since")
    assert said["reconciliation_failed"] == "The books were last compared never."
    for _ in range(2):
        makers.paid_order()
    soon = timezone.now() + timedelta(minutes=20)
    assert Payment.objects.filter(gateway="razorpay", captured_at__lt=soon).count() == 3
    assert rules.gateway_silent(soon).startswith("3 payments were captured and no webhook")


def test_operators_see_the_alerts_in_the_console(rule: dict[str, str], asha: Client) -> None:
    rule["tested"] = "Broken & bent."
    watch.watch(timezone.now())
    assert "Broken &amp; bent." in asha.get("/console/alerts/").content.decode()


def test_the_grafana_dashboard_names_only_metrics_there_are() -> None:
    board = json.loads((env.ROOT / "deploy" / "grafana" / "bahi.json").read_text())
    makers.delivered_order()
    count_now()
    text = Client().get("/metrics").content.decode()
    families = list(text_string_to_metric_families(text))
    known = {sample.name for family in families for sample in family.samples} | {family.name for family in families}
    exprs = [target["expr"] for panel in board["panels"] for target in panel["targets"]]
    named = {name for expr in exprs for name in re.findall(r"\b((?:bahi|order|customer|repeat|average|best|product|inventory)_[a-z_]+)\b", expr)}
    assert named - known == set()
    assert {name for name in known if name.endswith(("_rate", "_value", "_products", "_turnover", "_frequency"))} <= named
    assert len({panel["id"] for panel in board["panels"]}) == len(board["panels"])
