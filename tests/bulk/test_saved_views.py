"""Saved views: private or shared, counted, watched (B89)."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from django.utils import timezone

from orders import saved_views
from orders.models import Message, SavedView
from orders.operations import saving
from tests import makers
from timeline import relay
from timeline.actors import Actor
from timeline.models import Event
from timeline.operations import operation

if TYPE_CHECKING:
    from django.contrib.auth.models import User

    from tests.makers import Caller

VIEWS = "/admin/views"
pytestmark = pytest.mark.django_db


def read(response: Any, status: int = 200) -> Any:
    assert response.status_code == status, (response.status_code, response.content[:2000])
    return json.loads(response.content) if response.content else None


def saved(boss: Caller, status: int = 201, **body: Any) -> Any:
    return read(boss.post(VIEWS, {"name": "To pack", "q": "status:confirmed", **body}), status)


def test_a_view_is_saved_counted_changed_and_dropped_each_with_an_event() -> None:
    boss = makers.staff()
    makers.paid_order()
    view = saved(boss, shared=True, sort="-total")
    assert (view["count"], view["countIsCapped"], view["mine"], view["sort"]) == (1, False, True, "-total")
    makers.paid_order()
    assert [row["count"] for row in read(boss.get(VIEWS))["data"]] == [2]
    changed = read(boss.patch(f"{VIEWS}/{view['id']}", {"q": "status:pending", "threshold": None}))
    assert (changed["name"], changed["count"]) == ("To pack", 0)
    assert boss.delete(f"{VIEWS}/{view['id']}").status_code == 204
    assert boss.get(f"{VIEWS}/{view['id']}").status_code == 404
    kinds = list(Event.objects.filter(kind__startswith="saved_view.").order_by("id").values_list("kind", flat=True))
    assert kinds == ["saved_view.added", "saved_view.changed", "saved_view.removed"]


def test_nobody_sees_a_private_view_of_somebody_else_and_only_its_owner_changes_a_shared_one() -> None:
    boss, other = makers.staff(), makers.staff()
    view = saved(boss, name="Mine alone")
    assert read(other.get(VIEWS))["data"] == []
    for answer in (other.get(f"{VIEWS}/{view['id']}"), other.patch(f"{VIEWS}/{view['id']}", {"name": "x"}), other.delete(f"{VIEWS}/{view['id']}")):
        assert answer.status_code == 404
    assert "Mine alone" not in json.dumps([event.facts for event in Event.objects.filter(kind__startswith="saved_view.")])
    read(boss.patch(f"{VIEWS}/{view['id']}", {"shared": True}))
    assert read(other.get(f"{VIEWS}/{view['id']}"))["mine"] is False
    assert other.patch(f"{VIEWS}/{view['id']}", {"name": "x"}).status_code == 403
    assert other.delete(f"{VIEWS}/{view['id']}").status_code == 403
    assert SavedView.objects.get().name == "Mine alone"


@pytest.mark.parametrize(("status", "body"), [
    (400, {"q": "statos:x"}), (400, {"q": "meera"}), (400, {"q": "email:meera@example.com"}), (400, {"sort": "colour"}),
    (400, {"threshold": -1}), (400, {"columns": []}), (409, {}),
])
def test_what_cannot_be_kept_is_refused(status: int, body: dict[str, Any]) -> None:
    boss = makers.staff()
    saved(boss)
    saved(boss, status, **body)
    assert SavedView.objects.count() == 1


def watched(owner: User, **words: Any) -> SavedView:
    actor = Actor(type="staff", id=str(owner.pk), name="Asha")
    with operation("test.view", actor=actor) as op:
        return saving.save(op, **{"name": "Pending", "q": "status:pending", "threshold": 1, "for_minutes": 10, **words})


def test_too_many_for_so_long_is_told_once_and_so_is_that_it_is_over(django_user_model: type[User]) -> None:
    view = watched(makers.member("asha", email="asha@shop.example"))
    first = makers.placed_order()
    makers.placed_order()

    def look(minutes: int) -> None:
        SavedView.objects.filter(pk=view.pk).update(checked_at=None)
        row = SavedView.objects.get(pk=view.pk)
        if row.over_since is not None and row.alerted_at is None:
            SavedView.objects.filter(pk=view.pk).update(over_since=row.over_since - timedelta(minutes=minutes))
        saved_views.watch_due(timezone.now())

    look(0)
    look(5)
    assert not Event.objects.filter(kind="saved_view.alerted").exists()
    look(6)
    look(6)
    assert saved_views.watch_due(timezone.now()) == 0
    assert Event.objects.filter(kind="saved_view.alerted").count() == 1
    read(makers.staff().patch(f"/admin/orders/{first.pk}/status", {"status": "cancelled"}))
    look(0)
    look(0)
    assert Event.objects.filter(kind="saved_view.recovered").count() == 1
    relay.drain()
    told = [message.opened() for message in Message.objects.filter(template__startswith="view_").order_by("id")]
    assert {message["to"] for message in told} == {"asha@shop.example"}
    assert [message["subject"] for message in told] == ["More than 1 orders: Pending", "Over again: Pending"]
