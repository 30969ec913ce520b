"""Roles are given and taken as operations with their events, and within bounds (B70, F75)."""

from __future__ import annotations

from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Permission
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from tests import makers
from tests.makers import read
from timeline import rights, staffing
from timeline.actors import STAFF, Actor
from timeline.models import Event, StaffMember
from timeline.operations import operation
from timeline.rights import RIGHTS, ROLES

pytestmark = pytest.mark.django_db(transaction=True)
PAGE = "/console/staff/"


def roles_of(username: str) -> list[str]:
    return staffing.kept_roles(staffing.of_name(username))


def place(username: str, role: str) -> str:
    return f"{PAGE}{staffing.of_name(username).pk}/{role}/"


@pytest.fixture
def nila() -> Client:
    return makers.signed_in("nila", "administrator", first_name="Nila")


def test_b70_a_role_is_given_and_taken_with_who_whom_and_what(nila: Client) -> None:
    ravi = makers.member("ravi", "viewer")
    assert nila.post(place("ravi", "packer"), {"do": "give"}).headers["Location"] == PAGE
    assert roles_of("ravi") == ["viewer", "packer"]
    nila.post(place("ravi", "viewer"), {"do": "take"})
    assert roles_of("ravi") == ["packer"]
    given, taken = Event.objects.filter(kind__startswith="staff.role_", actor_type=STAFF).order_by("id")
    assert (given.kind, given.actor_name, given.facts) == (
        "staff.role_given", "Nila", {"member": "ravi", "role": "packer", "before": ["viewer"], "after": ["viewer", "packer"]},
    )
    assert (taken.kind, taken.facts["after"]) == ("staff.role_taken", ["packer"])
    assert {(target.type, target.target_id) for target in given.targets.all()} >= {("staff", str(ravi.pk))}
    assert "ravi is packer now" in nila.get(PAGE).content.decode()


def test_giving_what_somebody_has_writes_nothing(nila: Client) -> None:
    makers.member("ravi", "viewer")
    before = Event.objects.count()
    nila.post(place("ravi", "viewer"), {"do": "give"})
    nila.post(place("ravi", "packer"), {"do": "take"})
    assert Event.objects.count() == before


def test_f75_nobody_changes_their_own_roles(nila: Client) -> None:
    makers.member("omar", "administrator")
    for do, role in (("take", "administrator"), ("give", "finance")):
        answer = nila.post(place("nila", role), {"do": do})
        assert (answer.status_code, "Nobody changes their own roles" in answer.content.decode()) == (403, True)
    assert roles_of("nila") == ["administrator"]


def test_f75_nobody_gives_or_takes_more_than_they_may_do_themselves() -> None:
    makers.member("ravi", "administrator")
    makers.member("tara", "viewer")
    key = makers.staff("staff:write", *ROLES["packer"].rights)
    assert read(key.send("PUT", "/admin/staff/tara/roles/packer"))["roles"] == ["viewer", "packer"]
    for method, who, role in (("PUT", "tara", "manager"), ("PUT", "tara", "administrator"), ("DELETE", "ravi", "administrator")):
        assert read(key.send(method, f"/admin/staff/{who}/roles/{role}"), 403)["type"].endswith("more-than-yours")
    assert (roles_of("tara"), roles_of("ravi")) == (["viewer", "packer"], ["administrator"])


def test_the_last_administrator_stays_also_for_a_key_of_all_scopes() -> None:
    makers.member("nila", "administrator")
    gone = makers.member("omar", "administrator")
    gone.is_active = False
    gone.save()
    key = makers.staff()
    refused = key.send("DELETE", "/admin/staff/nila/roles/administrator")
    assert read(refused, 409)["type"].endswith("last-administrator")
    makers.member("asha", "administrator")
    assert read(key.send("DELETE", "/admin/staff/nila/roles/administrator"))["roles"] == []
    assert read(key.send("DELETE", "/admin/staff/asha/roles/administrator"), 409)["status"] == 409


def test_a_superuser_is_an_administrator_until_that_is_taken(nila: Client) -> None:
    get_user_model().objects.create_superuser("root", password="x")
    assert roles_of("root") == ["administrator"]
    nila.post(place("root", "administrator"), {"do": "take"})
    assert (roles_of("root"), get_user_model().objects.get(username="root").is_superuser) == ([], False)


def test_an_unknown_role_and_an_unknown_person_are_told_apart() -> None:
    makers.member("ravi", "viewer")
    key = makers.staff()
    assert key.send("PUT", "/admin/staff/ravi/roles/emperor").status_code == 422
    assert key.send("PUT", "/admin/staff/nobody/roles/viewer").status_code == 404
    assert key.send("PUT", "/admin/staff/ravi/roles/viewer", key="same-key-for-it").status_code == 200


def test_the_page_shows_who_has_which_role_and_offers_nothing_for_oneself(nila: Client) -> None:
    makers.member("ravi", "packer", "viewer", first_name="Ravi")
    text = nila.get(PAGE).content.decode()
    assert "Take Ravi the role Packer" in text
    assert "Give Ravi the role Finance" in text
    assert "Nila the role" not in text
    assert all(f"<code>{right}</code>" in text for right in RIGHTS)


def test_the_page_costs_the_same_for_two_as_for_twenty(nila: Client, django_assert_num_queries: Any) -> None:
    makers.member("a1", "viewer")
    with CaptureQueriesContext(connection) as few:
        nila.get(PAGE)
    for place_ in range(20):
        makers.member(f"b{place_}", "viewer", "packer")
    with django_assert_num_queries(len(few)):
        nila.get(PAGE)


def test_who_was_here_is_kept_every_few_minutes(nila: Client) -> None:
    long_ago = timezone.now() - timedelta(hours=3)
    StaffMember.objects.update(seen_at=long_ago)
    get_user_model().objects.update(last_login=long_ago)
    nila.get("/console/orders/")
    seen = StaffMember.objects.get().seen_at
    assert seen is not None
    assert seen > long_ago
    nila.get("/console/orders/")
    assert StaffMember.objects.get().seen_at == seen


def test_somebody_without_a_role_is_told_so() -> None:
    user = get_user_model().objects.create_user("new", is_staff=True)
    client = Client()
    client.force_login(user)
    answer = client.get("/console/orders/")
    assert answer.status_code == 403
    text = answer.content.decode()
    assert "orders:read" in text
    assert "none yet" in text
    assert client.get("/admin/orders").status_code == 403


def test_a_refusal_says_the_right_that_is_missing_and_the_roles_that_have_it() -> None:
    tara = makers.signed_in("tara", "viewer")
    order = makers.paid_order()
    problem = read(tara.post(f"/admin/orders/{order.pk}/refund", "{}", content_type="application/json"), 403)
    assert (problem["right"], problem["roles"]) == ("refunds:write", ["Support", "Finance", "Operations", "Manager", "Administrator"])
    page = tara.get(f"/console/orders/{order.number}/refund/")
    assert page.status_code == 403
    text = page.content.decode()
    assert all(word in text for word in ("refunds:write", "Finance", "Viewer"))
    part = tara.get(f"/console/orders/{order.number}/refund/", headers={"HX-Request": "true"})
    assert (part.status_code, "refunds:write" in part.headers["HX-Trigger"]) == (403, True)


@pytest.mark.parametrize(("role", "words"), [
    ("viewer", []), ("packer", ["ship", "note"]), ("finance", ["refund", "note"]),
    ("support", ["cancel", "refund", "ship", "hold", "note"]), ("manager", ["cancel", "refund", "ship", "hold", "note"]),
])
def test_allowed_actions_are_what_the_caller_may_really_do(role: str, words: list[str]) -> None:
    order = makers.processing_order()
    client = makers.signed_in("x", role)
    assert read(client.get(f"/admin/orders/{order.pk}"))["allowedActions"] == words
    assert read(client.get("/admin/orders"))["data"][0]["allowedActions"] == words
    assert read(makers.staff(*ROLES[role].rights).get(f"/admin/orders/{order.pk}"))["allowedActions"] == words


def test_what_a_role_may_not_do_is_not_drawn() -> None:
    order = makers.processing_order()
    page = f"/console/orders/{order.number}/"
    tara = makers.signed_in("tara", "viewer").get(page).content.decode()
    ravi = makers.signed_in("ravi", "packer").get(page).content.decode()
    asha = makers.signed_in("asha", "manager").get(page).content.decode()
    steps = {word: f"{page}{word}/" for word in ("refund", "ship", "cancel", "hold", "notes")}
    drawn = [{word for word, there in steps.items() if f'"{there}"' in text} for text in (tara, ravi, asha)]
    assert drawn == [set(), {"ship", "notes"}, set(steps)]
    assert 'class="reads"' in tara
    assert 'class="reads"' not in ravi
    assert ['href="/console/settlements/"' in text for text in (tara, ravi, asha)] == [True, False, True]


def test_an_export_is_fetched_by_who_may_read_such_rows_whoever_asked_for_it() -> None:
    asked = makers.signed_in("meera", "finance").post(
        "/admin/exports", '{"kind": "orders", "format": "csv", "filters": {}, "personal": true}', content_type="application/json",
        headers={"Idempotency-Key": "an-export-of-orders"},
    )
    there = f"/admin/exports/{read(asked, 202)['id']}/download"
    assert makers.signed_in("omar", "operations").get(there).status_code == 403
    assert makers.signed_in("tara", "viewer").get(there).status_code == 403


def test_the_shell_makes_accounts_with_roles_and_says_who_has_which(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", StringIO("a long password\n"))
    out = StringIO()
    call_command("staff", "add", "omar", "--role", "administrator", "--role", "packer", "--first-name", "Omar", stdout=out)
    assert out.getvalue() == "omar: packer, administrator\n"
    client = Client()
    assert client.login(username="omar", password="a long password")
    assert client.get(PAGE).status_code == 200
    monkeypatch.setattr("sys.stdin", StringIO("short\n"))
    for words in (["add", "ravi", "--role", "viewer"], ["add", "omar", "--role", "viewer"], ["take", "omar", "--role", "administrator"], ["give", "omar"]):
        with pytest.raises(CommandError):
            call_command("staff", *words, stdout=StringIO())
    call_command("staff", "take", "omar", "--role", "packer", stdout=StringIO())
    out = StringIO()
    call_command("staff", "list", stdout=out)
    assert out.getvalue() == "omar: administrator\n"


def test_every_right_is_of_the_administrator_and_a_name_says_whose_it_is() -> None:
    assert ROLES["administrator"].rights == frozenset(RIGHTS)
    assert all(role.rights <= frozenset(RIGHTS) for role in ROLES.values())
    with pytest.raises(rights.RightMissing, match="The role Administrator has it"):
        raise rights.RightMissing("staff:write")


def test_f75_whoever_lost_the_role_while_they_waited_gives_nothing_any_more() -> None:
    """What somebody may do is read again under the lock of the story."""
    nila, ravi = makers.member("nila", "administrator"), makers.member("ravi", "viewer")
    asha = makers.member("asha", "administrator")
    before = rights.held(nila)
    with operation("test.take", actor=Actor(type=STAFF, id=str(asha.pk), channel="console")) as op:
        staffing.take(op, user_id=nila.pk, role="administrator", by=rights.held(asha))
    with (
        pytest.raises(rights.RightMissing, match="staff:write"),
        operation("test.give", actor=Actor(type=STAFF, id=str(nila.pk), channel="console")) as op,
    ):
        staffing.give(op, user_id=ravi.pk, role="administrator", by=before)
    assert roles_of("ravi") == ["viewer"]


def test_without_the_right_for_money_the_first_page_tells_counts_alone() -> None:
    makers.delivered_order()
    ravi, tara = makers.signed_in("ravi", "packer"), makers.signed_in("tara", "viewer")
    amounts = [client.get("/console/").content.decode().count("₹") for client in (ravi, tara)]
    assert amounts[0] == 0
    assert amounts[1] > 0
    files = [[client.get(f"/console/charts/{name}.csv").status_code for name in ("days", "captured", "flight")] for client in (ravi, tara)]
    assert files == [[200, 403, 403], [200, 200, 200]]


def test_f75_the_frames_admin_makes_nobody_more_than_they_are() -> None:
    boss = get_user_model().objects.create_superuser("root", password="x")
    manager = makers.member("asha", "manager")
    manager.user_permissions.set(Permission.objects.filter(content_type__app_label="auth"))
    place = f"/backstage/auth/user/{manager.pk}/change/"
    for user, status in ((manager, 403), (boss, 200)):
        client = Client()
        client.force_login(user)
        assert client.get(place).status_code == status
    form = {"username": "asha", "is_active": "on", "is_staff": "on", "is_superuser": "on", "groups": "", "user_permissions": ""}
    assert client.post(place, form).status_code == 302
    assert client.post(place.replace("change", "delete"), {"post": "yes"}).status_code == 403
    assert get_user_model().objects.get(username="asha").is_superuser is False
