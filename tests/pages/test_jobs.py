"""Long work in the console: a file is tried first, then done; without JavaScript too (UX B8)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from orders.bulk import running
from orders.models import Job
from tests import makers
from tests.pages.markup import check

if TYPE_CHECKING:
    from orders.models import Order

pytestmark = pytest.mark.django_db
LIST = "/console/jobs/"




def send(asha: Client, text: str, kind: str = "statuses") -> Any:
    file = SimpleUploadedFile("steps.csv", text.encode(), content_type="text/csv")
    return asha.post(f"{LIST}send/", {"kind": kind, "file": file})


def page(asha: Client, path: str) -> str:
    answer = asha.get(path)
    assert answer.status_code == 200, answer.status_code
    text: str = answer.content.decode()
    check(text)
    return text


def run() -> None:
    while running.run_due(60):
        pass


def trial(asha: Client, *orders: Order) -> Job:
    lines = [f"{order.number},processing" for order in orders]
    answer = send(asha, "\n".join(["order_number,status", *lines, "ORD-19990101-00001,processing"]))
    job = Job.objects.get()
    assert answer.headers["Location"] == f"{LIST}{job.pk}/"
    return job


def test_an_empty_list_says_what_a_first_file_is(asha: Client) -> None:
    text = page(asha, LIST)
    assert "No job yet" in text
    assert "order_number,carrier,tracking_number" in text
    assert text.count('aria-current="page"') == 1


def test_a_file_is_tried_then_done_by_forms_alone(asha: Client) -> None:
    order = makers.paid_order()
    job = trial(asha, order)
    assert job.is_dry_run
    waiting = page(asha, f"{LIST}{job.pk}/")
    assert "0 of 2 rows" in waiting
    assert "Call it off" in waiting
    run()
    tried = page(asha, f"{LIST}{job.pk}/")
    for words in ("Do it: 1 row<", "There is no such order.", "refused.csv", "a trial, nothing is done"):
        assert words in tried
    assert makers.again(order).status == "confirmed"
    answer = asha.post(f"{LIST}{job.pk}/apply/")
    run()
    assert makers.again(order).status == "processing"
    done = page(asha, answer.headers["Location"])
    assert "Done, some refused" in done
    assert "See what was done" in page(asha, f"{LIST}{job.pk}/")
    assert page(asha, LIST).count("steps.csv") == 2
    raw = b"".join(asha.get(f"{LIST}{job.pk}/refused.csv").streaming_content)  # type: ignore[attr-defined]
    assert b"ORD-19990101-00001,processing,,3,not-found" in raw


def test_the_progress_looks_again_while_it_runs_and_draws_the_page_anew_at_its_end(asha: Client) -> None:
    job = trial(asha, makers.paid_order())
    path = f"{LIST}{job.pk}/progress/"
    looking = asha.get(path, headers={"HX-Request": "true"})
    assert 'hx-trigger="every 2s"' in looking.content.decode()
    assert "HX-Refresh" not in looking.headers
    run()
    ended = asha.get(path, headers={"HX-Request": "true"})
    assert "hx-trigger" not in ended.content.decode()
    assert ended.headers["HX-Refresh"] == "true"


def test_a_bad_file_is_said_beside_the_form(asha: Client) -> None:
    answer = send(asha, "order_number,state\nORD-1,processing\n")
    assert answer.status_code == 422
    text = answer.content.decode()
    check(text)
    assert "The column status is missing." in text
    assert send(asha, "").status_code == 422
    assert not Job.objects.exists()


def test_a_job_is_called_off(asha: Client) -> None:
    job = trial(asha, makers.paid_order())
    asha.post(f"{LIST}{job.pk}/cancel/")
    assert "Called off" in page(asha, f"{LIST}{job.pk}/")
    answer = asha.post(f"{LIST}{job.pk}/cancel/")
    assert answer.status_code == 409
    assert "nothing to call off" in answer.content.decode()


def test_the_pages_are_for_staff_alone() -> None:
    assert Client().get(LIST).status_code == 302
    assert Client().post(f"{LIST}send/").status_code == 302
