"""Who may not see customers meets nobody's name, address, e-mail or number in full, wherever they look (B67, B70).

Every address of the console and of the staff's API that answers a GET is called, also those that are added one day.
"""

from __future__ import annotations

import re
import uuid
from typing import TYPE_CHECKING, Any

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver
from django.utils import timezone

from orders.models import ChannelImport, Document, Fulfilment, Job, Order, OrderEdit, Return
from orders.privacy import erasures
from shipping.models import Shipment
from tests import makers
from tests.channels.bodies import body
from tests.pages.test_console import page_of
from tests.privacy import planting
from tests.thorough import SHARE, THOROUGH, some
from timeline.exports import running
from timeline.models import Event

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.payments.fake_gateway import FakeGateway
    from tests.standing import Stand

pytestmark = pytest.mark.django_db(transaction=True)
ROLES = {"warehouse": ("operations", "packer"), "analyst": ("operations",), "support": ("manager",)}
SAMPLED = ("analyst", "key")  # where somebody waits; who packs is shown more than either
PLACES = ("console/", "admin/", "api/v1/", "mailbox/")
SCOPES = (
    "orders:read", "returns:read", "privacy:read", "events:read", "exports:read", "endpoints:read", "inventory:read", "tracking:read",
    "payments:read", "disputes:read", "reconciliation:read",
)
PERSONAL = ("email", "phone", "name", "line1", "line2", "other", "gstin", "taken_in")
MOVED = {"name": "Ophelia Brackenmoor", "line1": "5 Gossamer Row", "line2": "near Quicksilver Pond", "phone": "+919898981212"}
CHANNEL = {
    "customer": {"id": 7, "first_name": "Thaddeus", "last_name": "Wrenfield"}, "email": "wrenfield@glasswort.example",
    "shipping_address": {
        "name": "Thaddeus Wrenfield", "address1": "3 Marzipan Lane", "city": "Hyderabad", "zip": "500001", "province_code": "TS",
        "country_code": "IN", "phone": "+91 97531 86420",
    },
}
ELSEWHERE = ("Ophelia", "Brackenmoor", "Gossamer", "Quicksilver", "9898981212", "Thaddeus", "Wrenfield", "glasswort", "Marzipan", "9753186420")


def words_in(content: bytes) -> set[str]:
    """Which personal words are in these bytes."""
    found = {word for word in planting.hits(content) if word in PERSONAL}
    return found | {word for word in ELSEWHERE if word.lower().encode() in content.lower()}


@pytest.fixture
def shop(stand: Stand, shop_gateway: FakeGateway) -> dict[str, str]:
    """A shop with people in every place; the ids that stand in addresses."""
    return stand(peopled, shop_gateway)


def peopled(gateway: FakeGateway) -> dict[str, str]:
    planted = planting.plant(gateway, Client())
    order, staff, me = planted.order, planted.staff, planted.caller
    ticket = makers.read(me.post(f"/storefront/orders/{order.pk}/tickets", {"topic": "delivery", "message": "Where is it?"}, key=True), 201)
    second = makers.placed_order(person_id=planted.person_id, payment_method="cod", email=planting.WORDS["email"])
    moved = makers.address(**MOVED)
    edit = makers.read(staff.post(f"/admin/orders/{second.number}/edits", {"shippingAddress": moved}, key=True), 201)
    asked = makers.read(me.post("/storefront/me/data-requests", {"kind": "access"}, key=True), 202)
    erasures.serve_due(timezone.now())
    token = makers.read(staff.get(f"/admin/data-requests/{asked['id']}"))["archiveUrl"].partition("token=")[2]
    makers.read(staff.post("/admin/channels/shopify/orders", body("shopify", **CHANNEL)))
    export = makers.read(staff.post("/admin/exports", {"kind": "orders", "format": "csv", "filters": {}, "personal": True}, key=True), 202)
    running.run_due()
    ret = Return.objects.get()
    return {
        "number": order.number, "order_id": str(order.pk), "second": second.number, "edit_id": edit["id"], "ticket_id": ticket["id"],
        "customer_id": str(planted.person_id), "request_id": asked["id"], "token": token, "return_id": str(ret.pk), "rma": ret.number,
        "place": "1", "import_id": str(ChannelImport.objects.get().pk), "channel": "shopify", "export_id": export["id"],
        "job_id": str(Job.objects.get().pk), "shipment_id": str(Shipment.objects.filter(stream=str(order.pk)).first().pk),  # type: ignore[union-attr]
        "fulfilment_id": str(Fulfilment.objects.filter(order=order).first().pk),  # type: ignore[union-attr]
        "document_id": str(Document.objects.get(kind="invoice").pk), "sku": order.lines.get().sku, "day": f"{timezone.localdate()}",
        "date": f"{timezone.localdate()}",
    }


def addresses(known: dict[str, str]) -> Iterator[tuple[str, str]]:
    """Each route and the address it is called at; an id of what this shop has none of is nobody's."""
    for route in sorted(set(_routes(get_resolver().url_patterns, ""))):
        if not route.startswith(PLACES):
            continue
        for number in (known["number"], known["second"]):
            ids = {**known, "number": number, "order_id": number}
            yield route, "/" + _filled(route, ids)
            if "number" not in route and "order_id" not in route:
                break


def _filled(route: str, ids: dict[str, str]) -> str:
    return re.sub(r"<(?:\w+:)?(\w+)>", lambda found: ids.get(found[1], str(uuid.UUID(int=9))), route)


def _routes(patterns: Any, before: str) -> Iterator[str]:
    for one in patterns:
        route = before + str(one.pattern)
        if isinstance(one, URLResolver):
            yield from _routes(one.url_patterns, route)
        elif isinstance(one, URLPattern):
            yield route.replace("^", "").replace("$", "")


def walk(known: dict[str, str], get: Any, *, role: str = "") -> dict[str, tuple[int, str, set[str]]]:
    """What each address answers: its status, its kind, and the personal words in it; a role beside the others may ask each fourth."""
    found = {}
    for _, place in some(addresses(known), SAMPLED.index(role)) if role in SAMPLED else addresses(known):
        query = {"token": known["token"]} if place.endswith("/archive") else {"edit": known["edit_id"]} if place.endswith("/edit/") else {}
        query |= {"limit": "200"} if place.endswith(("/events", "/timeline")) else {}
        answer = get(place, **query)
        content = b"".join(answer.streaming_content) if answer.streaming else answer.content
        found[place] = (answer.status_code, answer.headers.get("Content-Type", ""), words_in(content))
    return found


@pytest.fixture(scope="module")
def walked() -> dict[str, dict[str, tuple[int, str, set[str]]]]:
    """What a role met on its way, asked by two tests."""
    return {}


def member(role: str) -> Client:
    """A member of staff with the roles that may do what a group of this name could do before there were roles."""
    return makers.signed_in(role, *ROLES[role])


def of(client: Client) -> Any:
    return lambda place, **query: client.get(place, query)


@pytest.mark.parametrize("role", ["warehouse", "analyst", "key"])
def test_no_page_and_no_answer_names_anybody(shop: dict[str, str], walked: dict[str, Any], role: str) -> None:
    """F85: a session of two roles, and an API key with every scope but the one for customers."""
    get = makers.staff(*SCOPES).get if role == "key" else of(member(role))
    found = walked[role] = walked.get(role) or walk(shop, get, role=role)
    assert {place: words for place, (_, _, words) in found.items() if words} == {}
    assert [place for place, (status, _, _) in found.items() if status >= 500] == []
    least = 40 if role == "key" else 100
    assert sum(status == 200 for status, _, _ in found.values()) > (least if THOROUGH or role not in SAMPLED else least // SHARE)


def test_the_same_walk_meets_them_where_they_may_be_seen(shop: dict[str, str]) -> None:
    """The control: the walk does find names, in every kind of place."""
    found = {place: words for place, (_, _, words) in walk(shop, of(member("support"))).items() if words}
    kinds = ("/api/v1/events", "/admin/orders", "/admin/returns", "/admin/shipments", "/admin/channel-imports/", "/console/orders/", "/console/channels/", "/mailbox/")
    assert [kind for kind in kinds if not any(place.startswith(kind) for place in found)] == []
    assert set().union(*found.values()) >= {*PERSONAL, "Ophelia", "Gossamer", "Wrenfield", "Marzipan"}


@pytest.mark.parametrize(("role", "papers"), [("warehouse", {"label", "slip.pdf"}), ("analyst", set())])
def test_who_prints_labels_reads_no_other_paper(shop: dict[str, str], walked: dict[str, Any], role: str, papers: set[str]) -> None:
    """A label must show the recipient to whoever puts it on; an invoice, a return for the office and an archive need not be read for it."""
    client = member(role)
    walked[role] = walked.get(role) or walk(shop, of(client), role=role)
    files = {
        place.strip("/").rpartition("/")[2] for place, (status, kind, _) in walked[role].items()
        if status == 200 and kind.partition(";")[0] in ("application/pdf", "application/zip")
    }
    assert files == papers
    wish = {"shipmentIds": [shop["shipment_id"]]}
    answer = client.post("/admin/shipments/labels", wish, content_type="application/json")
    assert answer.status_code == (200 if papers else 403)
    assert client.post("/console/shipments/labels/", {"shipment": shop["shipment_id"]}).status_code == (200 if papers else 403)
    for place in ("gstr1", "gstr1.csv"):
        assert client.get(f"/admin/{place}", {"month": shop["date"][:7]}).status_code == 403


def test_a_key_prints_labels_for_the_scope_of_parcels(shop: dict[str, str]) -> None:
    place = f"/admin/shipments/{shop['shipment_id']}/label"
    assert [makers.staff(scope).get(place).status_code for scope in ("orders:read", "customers:read", "shipments:write")] == [403, 403, 200]


def test_an_address_nobody_may_see_is_changed_by_writing_a_new_one(shop: dict[str, str]) -> None:
    """The form begins empty; a prepared address stays while nothing is typed, and is not shown with the preview either."""
    client, second = member("warehouse"), Order.objects.get(number=shop["second"])
    place = f"/console/orders/{second.number}/edit/"
    line = second.lines.get()
    wish = {f"keep-{line.pk}": str(line.quantity), "edit": shop["edit_id"], "move": "on", "state": "IN-KA"}
    shown = client.post(f"{place}preview/", wish)
    assert (shown.status_code, words_in(shown.content)) == (200, set())
    assert b"Change the order" in shown.content
    kept = OrderEdit.objects.get(pk=shop["edit_id"]).addresses(second.person)["shipping"]
    hidden = page_of(client, f"{place}?edit={shop['edit_id']}").hidden
    assert client.post(place, {**hidden, **wish, "do": "stage"}).status_code == 302
    assert OrderEdit.objects.get(pk=shop["edit_id"]).addresses(second.person)["shipping"] == kept


def views() -> list[tuple[str, str]]:
    return list(Event.objects.filter(kind__startswith="personal_data.").order_by("id").values_list("kind", "actor_name"))


def test_who_saw_nobody_in_full_is_not_told_of(shop: dict[str, str]) -> None:
    """What is recorded is what was seen: nothing by who sees masked, and a customer shown for a reason once, not twice (B70)."""
    before, ravi = len(views()), member("warehouse")
    for place in (f"/admin/orders/{shop['number']}", f"/console/orders/{shop['number']}/", f"/console/orders/{shop['number']}/then/"):
        assert ravi.get(place).status_code == 200
    assert len(views()) == before
    shown = ravi.post(f"/console/orders/{shop['number']}/reveal/", {"reason": "The carrier rang"})
    assert "name" in words_in(shown.content)
    assert [kind for kind, _ in views()[before:]] == ["personal_data.revealed"]
    assert member("support").get(f"/admin/orders/{shop['number']}").status_code == 200
    assert [kind for kind, _ in views()[before:]] == ["personal_data.revealed", "personal_data.viewed"]


def test_the_archive_is_not_there_for_who_sees_customers_masked(shop: dict[str, str]) -> None:
    place = f"/admin/data-requests/{shop['request_id']}"
    key, seeing = makers.staff("privacy:read"), makers.staff("privacy:read", "customers:read")
    assert makers.read(key.get(place))["archiveUrl"] is None
    assert key.get(f"{place}/archive", token=shop["token"]).status_code == 404
    assert seeing.get(f"{place}/archive", token=shop["token"]).status_code == 200
