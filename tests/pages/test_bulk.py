"""Many chosen orders: seen first, then done as a job, by forms alone (B58, B89; UX B5.2)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from orders.bulk import running
from orders.models import Job
from tests import makers
from tests.pages.markup import check
from timeline import relay

if TYPE_CHECKING:
    from django.test import Client

pytestmark = pytest.mark.django_db
BULK, RUN = "/console/bulk/", "/console/bulk/run/"


def run() -> None:
    while running.run_due(60):
        pass


def text_of(answer: Any, status: int = 200) -> str:
    assert answer.status_code == status, answer.status_code
    text: str = answer.content.decode()
    check(text)
    return text


def test_nothing_happens_before_the_reasons_were_seen_and_a_double_click_is_one_job(asha: Client) -> None:
    ready, waiting = makers.paid_order(), makers.placed_order()
    text_of(asha.get("/console/orders/"))
    shown = text_of(asha.post(BULK, {"order": [ready.number, waiting.number], "do": "start_processing"}))
    assert "Start processing · 1 of 2" in shown
    assert "The order is pending; from here it may be confirmed, cancelled." in shown
    assert f"?q=number%3A{waiting.number}" in shown
    assert not Job.objects.exists()

    hidden = check(shown).hidden
    assert hidden["orders"] == ready.number
    first = asha.post(RUN, hidden)
    again = asha.post(RUN, hidden)
    assert first.headers["Location"] == again.headers["Location"] == f"/console/jobs/{Job.objects.get().pk}/"
    run()
    assert makers.again(ready).status == "processing"
    assert makers.again(waiting).status == "pending"
    assert "Done" in text_of(asha.get(first.headers["Location"]))


def test_the_whole_view_is_what_it_was_when_the_list_was_drawn(asha: Client) -> None:
    early = makers.paid_order()
    seen = check(text_of(asha.get("/console/orders/?view=to-pack"))).hidden["seen"]
    late = makers.paid_order()
    words = {"order": [early.number], "all": "1", "do": "more", "more": "hold", "back": "?view=to-pack"}
    assert check(text_of(asha.post(BULK, {**words, "seen": seen}))).hidden["orders"] == early.number
    everything = check(text_of(asha.post(BULK, {**words, "seen": "nonsense"}))).hidden["orders"]
    assert everything == f"{late.number},{early.number}"


def test_words_that_are_needed_are_asked_for_and_a_trial_does_nothing(asha: Client) -> None:
    order = makers.paid_order()
    shown = text_of(asha.post(BULK, {"order": order.number, "do": "more", "more": "note"}))
    hidden = check(shown).hidden
    text_of(asha.post(RUN, hidden), 422)
    assert not Job.objects.exists()
    asha.post(RUN, {**hidden, "note": "Ring first", "trial": "1"})
    job = Job.objects.get()
    run()
    assert job.is_dry_run
    assert "Do it: 1 row" in text_of(asha.get(f"/console/jobs/{job.pk}/"))


def test_the_refused_rows_are_a_view_of_the_list(asha: Client) -> None:
    waiting, other = makers.placed_order(), makers.placed_order()
    asha.post(RUN, {"do": "ship", "orders": waiting.number, "carrier": "own_fleet"})
    run()
    job = Job.objects.get()
    assert f"/console/jobs/{job.pk}/errors/" in text_of(asha.get(f"/console/jobs/{job.pk}/"))
    place = asha.get(f"/console/jobs/{job.pk}/errors/").headers["Location"]
    text = text_of(asha.get(place))
    assert waiting.number in text
    assert other.number not in text


def test_a_view_and_a_few_orders_go_to_the_export_and_labels_are_printed(asha: Client) -> None:
    order = makers.processing_order()
    whole = asha.post(BULK, {"order": order.number, "all": "1", "do": "more", "more": "export", "back": "?view=packing&q=city:Pune"})
    assert whole.headers["Location"] == "/console/exports/?q=status%3Aprocessing+city%3APune"
    few = asha.post(BULK, {"order": order.number, "do": "more", "more": "export"})
    assert few.headers["Location"] == f"/console/exports/?q=number%3A{order.number}"
    assert f'value="number:{order.number}"' in text_of(asha.get(few.headers["Location"]))
    none = asha.post(BULK, {"order": order.number, "do": "more", "more": "print"})
    assert none.headers["Location"] == "/console/orders/"


def test_what_a_job_shipped_is_printed_as_one_file_with_its_pick_list(asha: Client) -> None:
    order = makers.processing_order()
    asha.post(RUN, {"do": "ship", "orders": order.number, "carrier": "own_fleet"})
    run()
    relay.drain()
    job = Job.objects.get()
    assert f"/console/jobs/{job.pk}/labels.pdf?part=1" in text_of(asha.get(f"/console/jobs/{job.pk}/"))
    sheaf: Any = asha.get(f"/console/jobs/{job.pk}/labels.pdf")
    assert sheaf.headers["Content-Type"] == "application/pdf"
    assert sheaf.content.startswith(b"%PDF")
    assert asha.post(BULK, {"order": order.number, "do": "more", "more": "print"}).headers["Content-Type"] == "application/pdf"


@pytest.mark.parametrize("words", [{}, {"do": "explode", "order": "ORD-1"}, {"do": "hold"}])
def test_what_names_nothing_leads_back_to_the_list(asha: Client, words: dict[str, str]) -> None:
    assert asha.post(BULK, words).headers["Location"] == "/console/orders/"
    assert asha.post(RUN, words).headers["Location"] == "/console/orders/"
