"""Tags and who looks after an order (UX B5.2, B8): on its page, in the list and its search, over the API, as a job that can be undone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from django.contrib.auth import get_user_model
from django.test import Client
from django.utils import timezone

from orders import finding, grammar, saved_views
from orders.bulk import running
from orders.models import Job, OrderAssignment, OrderTag, SavedView
from orders.operations import sorting
from tests import makers
from tests.pages.markup import check
from timeline.errors import BadRequest
from timeline.models import Event
from timeline.operations import operation

if TYPE_CHECKING:
    from orders.models import Order

pytestmark = pytest.mark.django_db
LIST = "/console/orders/"


def read(client: Client, url: str) -> str:
    answer = client.get(url)
    assert answer.status_code == 200, url
    check(answer.content.decode())
    return answer.content.decode()


def tagged(order: Order, *tags: str) -> None:
    with operation("test.tag", actor=makers.STAFF, stream=str(order.pk)) as op:
        sorting.tag(op, order_id=order.pk, tags=tags)


def given(order: Order, name: str) -> None:
    with operation("test.assign", actor=makers.STAFF, stream=str(order.pk)) as op:
        sorting.assign(op, order_id=order.pk, assignee=name)


def tags_of(order: Order) -> list[str]:
    return sorted(OrderTag.objects.filter(order=order).values_list("tag", flat=True))


def told(order: Order) -> list[tuple[str, Any]]:
    return list(Event.objects.filter(stream=order.stream_id, kind__regex=r"tagged|assigned").order_by("id").values_list("kind", "facts"))


@pytest.fixture
def ravi() -> str:
    return str(makers.member("Ravi", first_name="Ravi").get_username())


def test_a_tag_is_given_once_taken_off_and_told(asha: Client) -> None:
    order = makers.placed_order()
    place = f"{LIST}{order.number}/"
    form = check(read(asha, place)).hidden
    for key in ("a", "b"):
        assert asha.post(f"{place}tags/", {**form, "idempotency_key": key * 32, "tag": " Gift  Wrap "}).status_code == 302
    assert tags_of(order) == ["gift-wrap"]
    text = read(asha, place)
    assert "Tagged gift-wrap" in text
    assert "?q=tag:gift-wrap" in text
    asha.post(f"{place}tags/", {**form, "idempotency_key": "c" * 32, "remove": "gift-wrap"})
    assert told(order) == [("order.tagged", {"tag": "gift-wrap"}), ("order.untagged", {"tag": "gift-wrap"})]


@pytest.mark.parametrize("tag", ["", "Priya's", "-x", "a" * 31, "टैग", "a,b"])
def test_what_is_no_tag_is_refused(asha: Client, tag: str) -> None:
    order = makers.placed_order()
    place = f"{LIST}{order.number}/"
    form = check(read(asha, place)).hidden
    assert asha.post(f"{place}tags/", {**form, "tag": tag}).status_code == 422
    assert tags_of(order) == []


def test_an_order_has_at_most_so_many_tags() -> None:
    order = makers.placed_order()
    tagged(order, *(f"t{number}" for number in range(sorting.TAGS_MAX)))
    tagged(order, "t0")
    with pytest.raises(sorting.TooManyTags):
        tagged(order, "one-more")


def test_an_order_is_assigned_to_a_colleague_and_to_nobody(asha: Client, ravi: str) -> None:
    order = makers.placed_order()
    place = f"{LIST}{order.number}/"
    form = check(read(asha, place)).hidden
    asha.post(f"{place}assign/", {**form, "assignee": "ravi"})
    assert OrderAssignment.objects.get(order=order).assignee == "Ravi"
    assert "Ravi looks after it" in read(asha, place)
    assert asha.post(f"{place}assign/", {**form, "idempotency_key": "1" * 32, "assignee": "love"}).status_code == 422
    asha.post(f"{place}assign/", {**form, "idempotency_key": "2" * 32, "assignee": ""})
    assert not OrderAssignment.objects.exists()
    assert told(order)[1] == ("order.unassigned", {"before": "Ravi"})


def test_the_search_finds_by_tag_and_by_who_looks_after_it(asha: Client, ravi: str) -> None:
    gift, mine, other = makers.placed_order(), makers.placed_order(), makers.placed_order()
    tagged(gift, "gift", "vip")
    given(mine, "asha")
    given(other, ravi)
    expected = {
        "tag:gift": {gift}, "tag:GIFT,none": {gift}, "-tag:gift": {mine, other}, "assignee:me": {mine}, "assigned:ravi": {other},
        "assignee:nobody": {gift}, "-assignee:me": {gift, other}, "assignee:me,nobody": {mine, gift},
    }
    for words, orders in expected.items():
        text = read(asha, f"{LIST}?q={words}")
        assert {one for one in (gift, mine, other) if one.number in text} == orders, words


def test_me_is_somebody_who_is_signed_in_and_is_kept_by_name(asha: Client) -> None:
    """A kept answer of one is never shown to another, and what an export keeps means the same to all who read it."""
    given(makers.placed_order(), "asha")
    boss = makers.staff()
    refused = makers.read(boss.get("/admin/orders", q="assignee:me"), 400)
    assert "signed in" in refused["errors"][0]["detail"]
    assert len(makers.read(boss.get("/admin/orders", q="assignee:asha"))["data"]) == 1
    assert len(makers.read(asha.get("/admin/orders", {"q": "assignee:me"}))["data"]) == 1
    with pytest.raises(BadRequest):
        saved_views.checked("assignee:me", reader=None)
    with pytest.raises(grammar.NotUnderstood):
        finding.names_nobody(finding.parse("assignee:ME"))
    assert finding.spoken_by("-assignee:Me,x tag:a", "asha") == '-assignee:"asha","x" tag:a'
    assert finding.spoken_by("status:pending", None) == "status:pending"


def test_what_is_mine_is_a_view_a_tile_and_can_be_saved(asha: Client) -> None:
    mine, other = makers.placed_order(), makers.placed_order()
    given(mine, "asha")
    text = read(asha, f"{LIST}?view=mine")
    assert mine.number in text
    assert other.number not in text
    assert "<strong>1</strong> My orders" in read(asha, "/console/")
    token = check(text).hidden["csrfmiddlewaretoken"]
    saved = asha.post("/console/views/save/", {"csrfmiddlewaretoken": token, "name": "Mine", "back": "?view=mine", "sort": ""})
    assert saved.status_code == 302
    assert "assignee%3Ame" in saved["Location"]


def test_b89_me_in_a_shared_view_is_who_looks_at_it_and_in_a_watched_one_its_owner(asha: Client, ravi: str) -> None:
    """Note [Me in a view] of `orders.saved_views`: the tab, its count and its orders of each; nobody is shown another's count."""
    mine, theirs, more = (makers.placed_order() for _ in range(3))
    given(mine, "asha")
    given(theirs, ravi)
    given(more, ravi)
    words = {"name": "On my desk", "q": "assignee:Me", "is_shared": "on", "sort": "", "threshold": "1", "for_minutes": "0"}
    place = asha.post("/console/views/save/", words)["Location"]
    other = Client()
    other.force_login(get_user_model().objects.get(username=ravi))
    for client, count, seen, unseen in ((asha, 1, [mine], [theirs, more]), (other, 2, [theirs, more], [mine])):
        text = read(client, place)
        assert f"On my desk<b>{count}</b>" in text
        assert all(order.number in text for order in seen)
        assert not any(order.number in text for order in unseen)
        assert makers.read(client.get("/admin/views"))["data"][0]["count"] == count
    boss = makers.staff()
    assert makers.read(boss.get("/admin/views"))["data"][0]["count"] == 0
    assert "signed in" in makers.read(boss.post("/admin/views", {"name": "x", "q": "assignee:me"}), 400)["errors"][0]["detail"]

    saved_views.watch_due(timezone.now())
    assert SavedView.objects.get().alerted_at is None
    given(more, "asha")
    saved_views.watch_due(timezone.now() + saved_views.WATCH_EVERY)
    assert SavedView.objects.get().alerted_at is not None
    assert saved_views.for_owner(SavedView.objects.get()) == 'assignee:"asha"'


def test_the_api_sorts_and_shows(ravi: str) -> None:
    order, boss = makers.placed_order(), makers.staff()
    place = f"/admin/orders/{order.pk}"
    assert makers.read(boss.post(f"{place}/tags", {"add": ["gift", "vip"], "remove": ["none"]}))["tags"] == ["gift", "vip"]
    assert makers.read(boss.post(f"{place}/assign", {"assignee": "RAVI"}))["assignee"] == "Ravi"
    row = makers.read(boss.get("/admin/orders"))["data"][0]
    assert (row["tags"], row["assignee"]) == (["gift", "vip"], "Ravi")
    assert makers.read(boss.post(f"{place}/assign", {"assignee": "love"}), 422)["errors"][0]["pointer"] == "#/assignee"
    assert makers.read(boss.post(f"{place}/tags", {"add": ["a b?"]}), 422)
    assert makers.staff("orders:read").post(f"{place}/tags", {"add": ["x"]}).status_code == 403
    own = makers.read(makers.Caller({"Authorization": f"Bearer {makers.customer_token(order.person_id)}"}).get(f"/storefront/orders/{order.pk}"))
    assert not {"tags", "assignee"} & own.keys()


def bulk(client: Client, action: str, orders: list[Order], **words: str) -> Job:
    form = check(read(client, LIST)).hidden
    shown = client.post("/console/bulk/", {**form, "do": action, "order": [one.number for one in orders]})
    assert shown.status_code == 200
    hidden = check(shown.content.decode()).hidden
    answer = client.post("/console/bulk/run/", {**hidden, **words})
    assert answer.status_code == 302, answer.content.decode()
    while running.run_due(60):
        pass
    return Job.objects.get(pk=answer["Location"].rstrip("/").rpartition("/")[2])


def undone(client: Client, job: Job) -> Job:
    place = f"/console/jobs/{job.pk}/"
    answer = client.post(f"{place}undo/", check(read(client, place)).hidden)
    while running.run_due(60):
        pass
    return Job.objects.get(pk=answer["Location"].rstrip("/").rpartition("/")[2])


def test_b58_many_are_tagged_as_a_job_and_undo_takes_off_only_what_it_gave(asha: Client) -> None:
    had, new = makers.placed_order(), makers.placed_order()
    tagged(had, "sale")
    job = bulk(asha, "tag", [had, new], tag="Sale")
    assert (job.ok, job.unchanged) == (1, 1)
    assert (tags_of(had), tags_of(new)) == (["sale"], ["sale"])
    back = undone(asha, job)
    assert (back.name, back.total) == ("Undo: Tag", 1)
    assert (tags_of(had), tags_of(new)) == (["sale"], [])
    assert asha.post(f"/console/jobs/{back.pk}/undo/", check(read(asha, f"/console/jobs/{back.pk}/")).hidden).status_code == 404


def test_b58_an_undone_assignment_is_whose_it_was_unless_it_moved_on(asha: Client, ravi: str) -> None:
    his, nobodys, moved = makers.placed_order(), makers.placed_order(), makers.placed_order()
    given(his, ravi)
    job = bulk(asha, "assign", [his, nobodys, moved], assignee="asha")
    assert set(OrderAssignment.objects.values_list("assignee", flat=True)) == {"asha"}
    given(moved, ravi)
    undone(asha, job)
    assert dict(OrderAssignment.objects.values_list("order", "assignee")) == {his.pk: "Ravi", moved.pk: "Ravi"}


def test_bulk_words_are_checked_before_there_is_a_job(asha: Client) -> None:
    order, boss = makers.placed_order(), makers.staff()
    for params in ({}, {"tag": "a b?"}, {"tag": "x", "note": "y"}):
        body = {"action": "tag", "ids": [order.number], "params": params}
        assert boss.post("/admin/orders/bulk", body, **{"Idempotency-Key": f"key-{len(str(params))}"}).status_code == 422
    assert not Job.objects.exists()
