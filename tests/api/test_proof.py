"""`GET /admin/orders/{id}/proof`: the order's history as a file that stands on its own."""

from __future__ import annotations

import pytest

from tests import makers
from timeline.log import seal
from timeline.log.checkpoint import known_keys
from timeline.models import Checkpoint
from timeline.verifier import check

pytestmark = pytest.mark.django_db


def test_an_order_is_proved_by_id_and_by_number() -> None:
    order, staff = makers.paid_order(), makers.staff()
    seal.seal()
    proof = makers.read(staff.get(f"/admin/orders/{order.number}/proof"))
    assert proof == makers.read(staff.get(f"/admin/orders/{order.pk}/proof"))
    verdict = check(proof, known_keys())
    assert [event["seq"] for event in verdict.events] == list(range(1, len(verdict.events) + 1))
    assert {"order.placed", "payment.captured", "order.confirmed"} <= {event["kind"] for event in verdict.events}


def test_it_reaches_back_to_a_checkpoint_one_kept() -> None:
    staff = makers.staff()
    makers.paid_order()
    seal.seal()
    kept = Checkpoint.objects.latest("id")
    order = makers.paid_order()
    seal.seal()
    check(makers.read(staff.get(f"/admin/orders/{order.pk}/proof", since=kept.size)), known_keys(), older=kept.note)
    assert staff.get(f"/admin/orders/{order.pk}/proof", since=99999).status_code == 404


def test_before_it_is_sealed_there_is_nothing_to_prove() -> None:
    order = makers.paid_order()
    answer = makers.staff().get(f"/admin/orders/{order.pk}/proof")
    assert makers.read(answer, 409)["type"].endswith("/not-sealed-yet")


def test_strangers_get_none() -> None:
    order = makers.paid_order()
    assert makers.nobody().get(f"/admin/orders/{order.pk}/proof").status_code == 401
