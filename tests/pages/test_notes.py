"""Notes in the console: one list, corrections struck through, what an edit changed, and the colleague who was named."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from orders import viewing
from orders.operations import edit
from tests import makers
from tests.pages.markup import check
from tests.pages.test_console import order_path, page_of, send
from timeline.models import Event
from timeline.operations import operation

if TYPE_CHECKING:
    from django.test import Client

pytestmark = pytest.mark.django_db


def test_e7_a_note_is_corrected_and_taken_back_on_the_page(asha: Client) -> None:
    order = makers.paid_order(lines=1, quantity=3)
    send(asha, order_path(order, "notes/"), order_path(order), note="Ring @asha first")
    note = Event.objects.get(kind="note.added").public_id
    assert f"/notes/{note}/correct/" in asha.get(order_path(order)).content.decode()
    send(asha, order_path(order, f"notes/{note}/correct/"), note="Ring her second")
    shown = asha.get(order_path(order), {"show": "notes"}).content.decode()
    assert "<del>Ring @asha first</del>" in shown
    assert "corrected by a later entry" in shown
    newest = Event.objects.get(kind="note.edited").public_id
    send(asha, order_path(order, f"notes/{newest}/retract/"))
    shown = asha.get(order_path(order)).content.decode()
    assert "taken back" in shown
    assert "/correct/" not in shown
    check(shown)
    assert Event.objects.filter(kind=viewing.KIND, subject_id=order.person_id.hex).count() == 1, "once an hour"


def test_e8_the_one_who_was_named_sees_it_until_it_is_read(asha: Client) -> None:
    order = makers.paid_order()
    send(asha, order_path(order, "notes/"), order_path(order), note="@asha look")
    assert b"1" in asha.get("/console/mentions/unread/").content
    page_of(asha, "/console/mentions/")
    assert order.number in asha.get("/console/mentions/").content.decode()
    send(asha, "/console/mentions/read/", "/console/mentions/")
    assert asha.get("/console/mentions/unread/").content == b""
    assert order.number in asha.get("/console/mentions/").content.decode()


def test_e30_the_list_says_what_an_edit_changed_and_through_what(asha: Client) -> None:
    order = makers.paid_order(lines=1, quantity=3)
    with operation("test.edit", actor=makers.STAFF, stream=str(order.pk)) as op:
        line = order.lines.get()
        staged = edit.stage(op, order_id=order.pk, wish=edit.Wish(quantities={line.pk: 2}))
        edit.commit(op, order_id=order.pk, edit_id=staged.pk)
    shown = asha.get(order_path(order)).content.decode()
    assert f"{line.sku}: <del>3</del> → <ins>2</ins>" in shown
    assert "Total: <del>" in shown
    assert f"· {makers.STAFF.channel.replace('_', ' ')} ·" in shown
