"""Exports in the console: asked for, looked at, fetched, taken back, every month; without JavaScript too (A4, A25)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests import makers
from tests.exports.test_events import _work  # noqa: F401 the fixture is used by being here
from tests.pages.markup import check
from timeline.exports import running
from timeline.exports.export import Export, ExportSchedule

if TYPE_CHECKING:
    from django.test import Client

pytestmark = pytest.mark.django_db
LIST = "/console/exports/"


def page(asha: Client, path: str, status: int = 200) -> str:
    answer = asha.get(path)
    assert answer.status_code == status
    text: str = answer.content.decode()
    check(text)
    return text


def ask(asha: Client, **wish: Any) -> Export:
    answer = asha.post(f"{LIST}ask/", {"kind": "events", "format": "csv", **wish})
    export = Export.objects.latest("asked_at")
    assert answer.headers["Location"] == f"{LIST}{export.pk}/"
    return export


def test_one_is_asked_for_written_and_fetched_by_forms_alone(asha: Client) -> None:
    makers.paid_order()
    assert "No export yet" in page(asha, LIST)
    export = ask(asha, action="order.*", month="")
    waiting = page(asha, f"{LIST}{export.pk}/")
    assert "Waiting" in waiting
    assert "Look again" in waiting
    running.run_due()
    ready = page(asha, f"{LIST}{export.pk}/")
    assert Export.objects.get().digest in ready
    link = ready.split('class="btn primary" href="')[1].split('"')[0].replace("&amp;", "&")
    answer = asha.get(link)
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "text/csv; charset=utf-8")
    assert "order.*" in page(asha, LIST)
    asha.post(f"{LIST}{export.pk}/revoke/")
    assert "Its file is gone" in page(asha, f"{LIST}{export.pk}/")
    assert asha.get(link).status_code == 410


def test_progress_is_looked_at_again_and_draws_the_page_anew_at_its_end(asha: Client) -> None:
    export = ask(asha, kind="orders")
    again = {"HX-Request": "true"}
    assert "hx-get" in asha.get(f"{LIST}{export.pk}/progress/", headers=again).content.decode()
    asha.post(f"{LIST}{export.pk}/cancel/")
    answer = asha.get(f"{LIST}{export.pk}/progress/", headers=again)
    assert (answer.headers["HX-Refresh"], "hx-get" in answer.content.decode()) == ("true", False)
    assert asha.post(f"{LIST}{export.pk}/cancel/").status_code == 409


@pytest.mark.parametrize("wish", [{"month": "2026-13"}, {"action": "ord*"}, {"month": "2026-10", "after": "2026-10-01"}, {"kind": "people"}, {"kind": "order_lines", "personal": "on"}])
def test_what_cannot_be_asked_for_is_said_beside_its_field(asha: Client, wish: dict[str, str]) -> None:
    answer = asha.post(f"{LIST}ask/", {"kind": "events", "format": "csv", **wish})
    assert answer.status_code in (400, 422)
    check(answer.content.decode())
    assert 'class="err"' in answer.content.decode()
    assert not Export.objects.exists()


def test_one_of_every_month_is_added_stopped_and_goes_on(asha: Client) -> None:
    words = {"every-name": "Accounts", "every-kind": "orders", "every-format": "parquet", "every-day": "2", "every-at": "06:30"}
    assert asha.post(f"{LIST}every-month/", words).status_code == 302
    schedule = ExportSchedule.objects.get()
    assert "day 2, 06:30" in page(asha, LIST)
    asha.post(f"{LIST}every-month/{schedule.pk}/", {"do": "stop"})
    assert "stopped, by hand" in page(asha, LIST)
    asha.post(f"{LIST}every-month/{schedule.pk}/", {"do": "go"})
    assert ExportSchedule.objects.get().is_active
    again = asha.post(f"{LIST}every-month/", words)
    assert (again.status_code, "of this name already" in again.content.decode()) == (409, True)
