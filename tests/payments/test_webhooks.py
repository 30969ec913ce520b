"""Notices: believed only when signed, kept once, answered at once, followed by asking the gateway (F17–F19, F22, F27–F29)."""

from __future__ import annotations

import itertools
import json
import random
from typing import TYPE_CHECKING, Any

import pytest
from django.test import Client

from payments import operations
from payments.gateways.base import InDoubt
from payments.models import Notice, Payment, Refund
from payments.operations.notices import body_of as raw_body_of
from payments.webhooks import BODY_BYTES_MAX
from tests.payments import makers
from tests.payments.fake_gateway import OLD_WEBHOOK_SECRET, FakeGateway, body_of, sign
from timeline.models import Delivery, Event, Stream

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = [pytest.mark.django_db, pytest.mark.urls("tests.payments.urls")]
_events = itertools.count(1)


def post(body: bytes, *, signature: str | None = None, event_id: str | None = None, **headers: str) -> Any:
    given = {
        "X-Razorpay-Signature": sign(body) if signature is None else signature,
        "X-Razorpay-Event-Id": event_id or f"evt_{next(_events):014d}",
        **headers,
    }
    client = Client(enforce_csrf_checks=True, raise_request_exception=True)
    return client.post("/webhooks/razorpay", data=body, content_type="application/json", headers=given)


def nothing_kept() -> bool:
    return not (Notice.objects.exists() or Event.objects.filter(kind="notice.taken").exists() or Delivery.objects.exists())


@pytest.fixture
def waiting(gateway: FakeGateway, settle: Callable[[], None]) -> Payment:
    payment = makers.opened()
    settle()
    found: Payment = makers.fresh(payment)
    return found


def told(gateway: FakeGateway, event: str, pay_id: str) -> bytes:
    """A notice about a payment as it is at the gateway now."""
    paid = gateway.payments[pay_id]
    entity = {
        "id": pay_id, "order_id": paid.order_id, "amount": paid.amount_minor, "currency": paid.currency,
        "status": paid.status, "email": "sita@example.in", "contact": "+919900000001", "captured": True,
    }
    return body_of(event, payment=entity)


def test_a_signed_notice_is_kept_and_followed(gateway: FakeGateway, waiting: Payment, settle: Callable[[], None]) -> None:
    pay_id = gateway.pay(waiting.gateway_order_id or "")
    answer = post(told(gateway, "payment.captured", pay_id), event_id="evt_00000000000001")
    assert (answer.status_code, makers.fresh(waiting).status) == (200, "created")
    settle()
    notice = Notice.objects.get()
    assert (makers.fresh(waiting).status, notice.kind, notice.event_id) == ("captured", "payment.captured", "evt_00000000000001")
    assert notice.handled_at is not None
    event = Event.objects.get(kind="notice.taken")
    assert (event.stream, event.actor_id, event.channel) == (notice.stream, "razorpay", "webhook")


def test_the_body_is_sealed_as_it_came(gateway: FakeGateway, waiting: Payment) -> None:
    body = told(gateway, "payment.captured", gateway.pay(waiting.gateway_order_id or ""))
    post(body)
    notice = Notice.objects.get()
    assert b"sita" not in bytes(notice.sealed)
    assert raw_body_of(notice) == body


def test_f17_the_same_event_twice_is_one_transition(gateway: FakeGateway, waiting: Payment, settle: Callable[[], None]) -> None:
    body = told(gateway, "payment.captured", gateway.pay(waiting.gateway_order_id or ""))
    answers = [post(body, event_id="evt_F17").status_code for _ in range(5)]
    settle()
    answers.append(post(body, event_id="evt_F17").status_code)
    settle()
    assert answers == [200] * 6
    assert (Notice.objects.count(), Event.objects.filter(kind="payment.captured").count()) == (1, 1)


def test_f17_the_same_event_id_with_another_body_is_known(gateway: FakeGateway, waiting: Payment) -> None:
    pay_id = gateway.pay(waiting.gateway_order_id or "")
    for event in ("payment.authorized", "payment.captured"):
        assert post(told(gateway, event, pay_id), event_id="evt_same").status_code == 200
    assert Notice.objects.count() == 1


def test_f18_the_same_body_under_a_new_event_id_has_no_second_effect(
    gateway: FakeGateway, waiting: Payment, settle: Callable[[], None]
) -> None:
    body = told(gateway, "payment.captured", gateway.pay(waiting.gateway_order_id or ""))
    for number in range(4):
        assert post(body, event_id=f"evt_F18_{number}").status_code == 200
    settle()
    assert (Notice.objects.count(), Event.objects.filter(kind="payment.captured").count()) == (1, 1)


def test_f18_without_a_readable_event_id_the_body_is_known_by_itself(gateway: FakeGateway, waiting: Payment) -> None:
    body = told(gateway, "payment.captured", gateway.pay(waiting.gateway_order_id or ""))
    for event_id in ("", "x" * 500, "a b"):
        assert post(body, **{"X-Razorpay-Event-Id": event_id}).status_code == 200
    assert Notice.objects.get().event_id.startswith("sha256:")


def test_f19_notices_in_every_order_end_alike(gateway: FakeGateway, settle: Callable[[], None]) -> None:
    ends = set()
    events = ["payment.authorized", "payment.captured", "order.paid", "refund.processed"]
    for order in itertools.permutations(events):
        payment = makers.opened()
        settle()
        pay_id = gateway.pay(makers.fresh(payment).gateway_order_id or "")
        refund_id = gateway.refund_by_hand(pay_id, 500)
        gateway.move_refund(refund_id, "processed")
        refund = {"id": refund_id, "payment_id": pay_id, "status": "processed"}
        for event in order:
            if event.startswith("refund"):
                post(body_of(event, refund=refund, payment={"id": pay_id}))
            else:
                post(told(gateway, event, pay_id))
        settle()
        row = makers.fresh(payment)
        story = sorted(Event.objects.filter(stream=row.stream).values_list("kind", flat=True))
        ends.add((row.status, row.captured_minor, row.refunded_minor, row.pending_refund_minor, tuple(story)))
    assert len(ends) == 1
    assert next(iter(ends))[:4] == ("captured", makers.AMOUNT_MINOR, 500, 0)


def test_f19_stale_notices_show_what_the_gateway_has_now(
    gateway: FakeGateway, waiting: Payment, settle: Callable[[], None]
) -> None:
    pay_id = gateway.pay(waiting.gateway_order_id or "", "authorized")
    stale = told(gateway, "payment.authorized", pay_id)
    gateway.move(pay_id, "captured")
    post(stale)
    settle()
    assert makers.fresh(waiting).status == "captured"
    assert not Event.objects.filter(kind="payment.authorized").exists()


def test_f22_two_captures_of_one_order_keep_one(gateway: FakeGateway, waiting: Payment, settle: Callable[[], None]) -> None:
    first, second = (gateway.pay(waiting.gateway_order_id or "") for _ in range(2))
    for pay_id in (first, second, first, second):
        post(told(gateway, "payment.captured", pay_id))
        settle()
    kept = sum(row.captured_minor - row.pending_refund_minor for row in Payment.objects.all())
    assert (kept, Refund.objects.count(), len(gateway.refunds)) == (makers.AMOUNT_MINOR, 1, 1)


def test_f27_a_notice_of_another_amount_confirms_nothing(
    gateway: FakeGateway, waiting: Payment, settle: Callable[[], None]
) -> None:
    pay_id = gateway.pay(waiting.gateway_order_id or "", amount_minor=100)
    post(told(gateway, "payment.captured", pay_id))
    settle()
    assert makers.fresh(waiting).status == "created"
    assert Event.objects.filter(kind="payment.mismatched").count() == 1


def test_f27_a_forged_amount_in_the_body_is_not_what_counts(
    gateway: FakeGateway, waiting: Payment, settle: Callable[[], None]
) -> None:
    pay_id = gateway.pay(waiting.gateway_order_id or "", "failed")
    post(body_of("payment.captured", payment={"id": pay_id, "status": "captured", "amount": makers.AMOUNT_MINOR}))
    settle()
    assert makers.fresh(waiting).status == "failed"


def test_f28_a_wrong_secret_is_refused_and_nothing_kept() -> None:
    body = body_of("payment.captured", payment={"id": "pay_1"})
    answer = post(body, signature=sign(body, "another-secret"))
    assert (answer.status_code, answer.headers["Content-Type"]) == (400, "application/problem+json")
    assert (answer.json()["type"], nothing_kept()) == ("/problems/bad-signature", True)


@pytest.mark.parametrize("signature", ["", " ", "é" * 64, "0" * 64, "0" * 100_000])
def test_f28_odd_signatures_are_refused(signature: str) -> None:
    assert post(b"{}", signature=signature).status_code == 400
    assert nothing_kept()


def test_f28_a_reserialised_body_is_refused() -> None:
    body = body_of("payment.captured", payment={"id": "pay_1"})
    assert post(json.dumps(json.loads(body), indent=1).encode(), signature=sign(body)).status_code == 400
    assert nothing_kept()


def test_f28_no_mutation_of_body_or_signature_is_accepted() -> None:
    body = body_of("payment.captured", payment={"id": "pay_1", "amount": 100})
    good, chance, client = sign(body), random.Random(28), Client()
    for _ in range(300):
        at, bit = chance.randrange(len(body)), 1 << chance.randrange(8)
        bad_body = body[:at] + bytes([body[at] ^ bit]) + body[at + 1 :]
        spot = chance.randrange(64)
        bad_sign = good[:spot] + chance.choice("0123456789abcdef".replace(good[spot], "")) + good[spot + 1 :]
        for sent, signature in ((bad_body, good), (body, bad_sign), (body[:at], good)):
            headers = {"X-Razorpay-Signature": signature, "X-Razorpay-Event-Id": "evt_1"}
            answer = client.post("/webhooks/razorpay", data=sent, content_type="application/json", headers=headers)
            assert answer.status_code == 400
    assert nothing_kept()


def test_f29_both_secrets_hold_while_they_are_changed() -> None:
    for secret in ("test-webhook-secret", OLD_WEBHOOK_SECRET):
        body = body_of("payment.captured", payment={"id": f"pay_{len(secret)}"})
        assert post(body, signature=sign(body, secret)).status_code == 200
    assert Notice.objects.count() == 2


def test_f29_without_secrets_nothing_is_accepted(settings: Any) -> None:
    settings.RAZORPAY_WEBHOOK_SECRETS = [""]
    body = b"{}"
    assert post(body, signature=sign(body, "")).status_code == 400


ODD = [
    b"", b"null", b"[]", b'"x"', b"{", b"\xff\xfe", b"[" * 100_000, b'{"event": 7}', b'{"event": "' + b"x" * 500 + b'"}',
    b'{"event": "payment.captured", "payload": []}', b'{"event": "payment.captured", "payload": {"payment": null}}',
    b'{"event": "payment.captured", "payload": {"payment": {"entity": {"id": ["pay_1"]}}}}',
    b'{"event": "payment.captured", "payload": {"payment": {"entity": {"id": "pay_../../refunds"}}}}',
    b'{"event": "a\\u0000b", "n": ' + b"9" * 5000 + b"}", b'{"event": "settlement.processed", "payload": {}}',
    b'{"event": "payment.downtime.started", "payload": {"payment.downtime": {"entity": {"id": "down_1"}}}}',
]


@pytest.mark.parametrize("body", ODD, ids=range(len(ODD)))
def test_whatever_is_signed_is_kept_and_never_a_5xx(
    gateway: FakeGateway, settle: Callable[[], None], body: bytes
) -> None:
    assert post(body).status_code == 200
    settle()
    assert Notice.objects.get().handled_at is not None
    assert (gateway.calls, Delivery.objects.get().state) == ([], "done")


def test_a_foreign_payment_is_left_alone(gateway: FakeGateway, settle: Callable[[], None]) -> None:
    post(body_of("payment.captured", payment={"id": "pay_Foreign", "order_id": "order_Foreign"}))
    settle()
    assert (Delivery.objects.get().state, Payment.objects.count()) == ("done", 0)


def test_a_fetch_without_an_answer_is_tried_again_by_the_relay(
    gateway: FakeGateway, waiting: Payment, settle: Callable[[], None]
) -> None:
    body = told(gateway, "payment.captured", gateway.pay(waiting.gateway_order_id or ""))
    gateway.fault("fetch_payment", InDoubt("timeout"))
    post(body)
    settle()
    assert makers.fresh(waiting).status == "captured"


def test_a_refund_of_ours_is_finished_by_its_notice(gateway: FakeGateway, waiting: Payment, settle: Callable[[], None]) -> None:
    pay_id = gateway.pay(waiting.gateway_order_id or "")
    post(told(gateway, "payment.captured", pay_id))
    settle()
    refund = makers.do(waiting, operations.ask_refund, amount_minor=500, reason_code="goodwill")
    settle()
    (refund_id,) = gateway.refunds
    gateway.move_refund(refund_id, "processed")
    for event in ("refund.created", "refund.processed"):
        post(body_of(event, refund={"id": refund_id, "payment_id": pay_id}))
    settle()
    assert (makers.fresh(refund).status, Refund.objects.count()) == ("processed", 1)
    assert Event.objects.filter(kind="refund.processed").count() == 1


def test_a_notice_that_outruns_our_own_answer_finds_the_refund_by_its_receipt(
    gateway: FakeGateway, waiting: Payment, settle: Callable[[], None]
) -> None:
    post(told(gateway, "payment.captured", gateway.pay(waiting.gateway_order_id or "")))
    settle()
    refund = makers.do(waiting, operations.ask_refund, amount_minor=500, reason_code="goodwill")
    gateway.refund_status = "processed"
    gateway.fault("refund", InDoubt("timeout"), after=True)
    settle()
    (made,) = gateway.refunds.values()
    post(body_of("refund.processed", refund={"id": made.id, "payment_id": made.payment_id}))
    settle()
    assert (makers.fresh(refund).status, Refund.objects.count()) == ("processed", 1)


def test_pains_9_a_refund_made_in_the_dashboard_is_taken_in_once(
    gateway: FakeGateway, waiting: Payment, settle: Callable[[], None]
) -> None:
    pay_id = gateway.pay(waiting.gateway_order_id or "")
    refund_id = gateway.refund_by_hand(pay_id, 700)
    gateway.move_refund(refund_id, "processed")
    for event in ("refund.created", "refund.processed"):
        post(body_of(event, refund={"id": refund_id, "payment_id": pay_id}))
        settle()
    refund = Refund.objects.get()
    assert (refund.status, refund.reason_code, refund.gateway_refund_id) == ("processed", "made_at_gateway", refund_id)
    assert makers.fresh(waiting).refunded_minor == 700
    assert gateway.asked("refund") == 0


def test_f60_a_body_too_large_is_413(settings: Any) -> None:
    body = b" " * (BODY_BYTES_MAX + 1)
    answer = post(body)
    assert (answer.status_code, answer.json()["type"], nothing_kept()) == (413, "/problems/too-large", True)
    assert post(body[:-1]).status_code == 200


def test_only_post_is_answered() -> None:
    assert Client().get("/webhooks/razorpay").status_code == 405


def test_a_notice_is_a_story_of_its_own() -> None:
    post(b"{}")
    assert Stream.objects.get().stream == Notice.objects.get().stream
