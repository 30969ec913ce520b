"""Search over the API and in the console: the same as a plain loop over the orders (B35 to B40, B56, B60, UX B5.2)."""

from __future__ import annotations

import datetime as dt
import itertools
import random
from typing import TYPE_CHECKING, Any

import pytest
from django.test import Client
from django.utils import timezone
from hypothesis import example, given
from hypothesis import settings as examples
from hypothesis import strategies as st

from orders import finding
from orders.models import Order
from orders.operations import people
from orders.pages import order_rows
from tests import makers
from tests.search.makers import CITIES, PEOPLE, SKUS, Known, shop
from tests.thorough import many
from timeline import vault

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import pytest_django

pytestmark = pytest.mark.django_db
Filter = tuple[dict[str, str], "Callable[[Known], bool]"]


@pytest.fixture(scope="module")
def orders(ground: None, django_db_blocker: pytest_django.DjangoDbBlocker) -> Iterator[list[Known]]:
    with django_db_blocker.unblock():
        yield shop()


@pytest.fixture(scope="module")
def boss(orders: list[Known], django_db_blocker: pytest_django.DjangoDbBlocker) -> makers.Caller:
    with django_db_blocker.unblock():
        return makers.staff()


def found(boss: makers.Caller, **query: Any) -> list[str]:
    return [row["orderNumber"] for row in makers.read(boss.get("/admin/orders", limit=200, **query))["data"]]


def numbers(orders: list[Known], holds: Callable[[Known], bool]) -> list[str]:
    return [one.order.number for one in sorted(orders, key=lambda one: (one.order.created_at, one.order.pk), reverse=True) if holds(one)]


def choices(orders: list[Known], chance: random.Random) -> list[Filter]:
    """One of each filter, of each kind of value, that is about one of these orders or about none."""
    one = chance.choice(orders)
    o, (local, _, domain) = one.order, one.email.partition("@")
    status, other = o.status, chance.choice(orders).order.status
    total, digits = o.total_minor, one.phone.removeprefix("+")
    at, end = o.created_at, chance.randrange(4, 11)
    day = timezone.localtime(at).date()
    cut = at.isoformat().replace("+00:00", "Z")
    rupees = f"{total // 100}.{total % 100:02}"
    word = max(one.name.split(), key=len)[:4]
    city = chance.choice(CITIES)[0]
    sku = chance.choice(SKUS)
    delivered = o.delivered_at.isoformat().replace("+00:00", "Z") if o.delivered_at else cut

    def ends_like(k: Known) -> bool:
        return k.phone.removeprefix("+").endswith(digits[-end:])

    def named(k: Known) -> bool:
        longest = max(word.casefold().replace("'", " ").split(), key=len)  # of `O'Br` it is `br`
        return any(w.casefold().startswith(longest) for w in k.name.replace("'", " ").split())

    return [
        ({"status": f"{status},{other}"}, lambda k: k.order.status in {status, other}),
        ({"q": f"status:{status},{other}"}, lambda k: k.order.status in {status, other}),
        ({"q": f"-status:{status}"}, lambda k: k.order.status != status),
        ({"paymentStatus": o.payment_state}, lambda k: k.order.payment_state == o.payment_state),
        ({"q": f"pay:{o.payment_state},cod"}, lambda k: k.order.payment_state == o.payment_state or k.order.payment_method == "cod"),
        ({"q": "pay:upi"}, lambda k: k.method == "upi"),
        ({"shippingStatus": o.fulfilment_state}, lambda k: k.order.fulfilment_state == o.fulfilment_state),
        ({"q": f"ship:{o.fulfilment_state}"}, lambda k: k.order.fulfilment_state == o.fulfilment_state),
        ({"customerId": str(o.person_id)}, lambda k: k.order.person_id == o.person_id),
        ({"customer": one.email.upper()}, lambda k: k.email == one.email),
        ({"customer": one.name}, lambda k: k.name == one.name),
        ({"q": f"name:{word}"}, named),
        ({"q": f"email:{local}"}, lambda k: k.email.partition("@")[0] == local),
        ({"q": f"email:{local[:2]}"}, lambda k: k.email.startswith(local[:2])),
        ({"q": f"email:@{domain}"}, lambda k: k.email.endswith("@" + domain)),
        ({"q": f"phone:{digits[-end:]}"}, ends_like),
        ({"q": f'"{digits[-end:]}"'}, lambda k: ends_like(k) or digits[-end:] in k.order.number),
        ({"q": f'"{one.phone[:3]} {one.phone[3:8]} {one.phone[8:]}"'}, lambda k: k.phone == one.phone),
        ({"q": f"{one.phone[:3]} {one.phone[3:8]} {one.phone[8:]}"}, lambda k: k.phone == one.phone),
        ({"orderNumber": o.number[-5:]}, lambda k: o.number[-5:] in k.order.number),
        ({"q": o.number.lower()}, lambda k: k.order.number == o.number),
        ({"q": f"number:{o.number[4:12]}"}, lambda k: o.number[4:12] in k.order.number),
        ({"q": str(o.pk)}, lambda k: k.order.pk == o.pk),
        ({"q": f'city:"{city.lower()}"'}, lambda k: k.city == city),
        ({"q": f"-city:{one.city.replace(' ', '')}"}, lambda k: k.city != one.city),
        ({"q": f"pin:{one.pin}"}, lambda k: k.pin == one.pin),
        ({"q": "state:ka,IN-DL"}, lambda k: k.order.destination_state in {"IN-KA", "IN-DL"}),
        ({"q": "state:Karnataka,delhi"}, lambda k: k.order.destination_state in {"IN-KA", "IN-DL"}),
        ({"q": "risk:low"}, lambda k: k.order.risk.verdict == "pass"),
        ({"q": "-risk:low,high"}, lambda k: k.order.risk.verdict not in {"pass", "hold"}),
        ({"q": f"score:>={o.risk.score}"}, lambda k: k.order.risk.score >= o.risk.score),
        ({"q": f"-score:{o.risk.score}"}, lambda k: k.order.risk.score != o.risk.score),
        ({"q": f"sku:{sku.lower()}"}, lambda k: sku in k.skus),
        ({"q": "sku:TEA-*"}, lambda k: any(s.startswith("TEA-") for s in k.skus)),
        ({"q": sku}, lambda k: sku in k.skus),
        ({"q": "awb:" + (min(one.awbs)[2:9].lower() if one.awbs else "nothing")}, lambda k: any(min(one.awbs, default="nothing")[2:9] in a for a in k.awbs)),
        ({"minTotal": str(total)}, lambda k: k.order.total_minor >= total),
        ({"maxTotal": str(total)}, lambda k: k.order.total_minor <= total),
        ({"q": f"total:>{rupees}"}, lambda k: k.order.total_minor > total),
        ({"q": f"total:{rupees},..{total // 200}"}, lambda k: k.order.total_minor == total or k.order.total_minor <= total // 200 * 100),
        ({"q": f"items:>={o.item_count}"}, lambda k: k.order.item_count >= o.item_count),
        ({"createdFrom": cut}, lambda k: k.order.created_at >= at),
        ({"createdTo": cut}, lambda k: k.order.created_at < at),
        ({"q": f"placed:{day}"}, lambda k: timezone.localtime(k.order.created_at).date() == day),
        ({"q": f"placed:>{day} placed:<={day + dt.timedelta(9)}"}, lambda k: day < timezone.localtime(k.order.created_at).date() <= day + dt.timedelta(9)),
        ({"q": "placed:9d"}, lambda k: k.order.created_at >= timezone.now() - dt.timedelta(9)),
        ({"deliveredFrom": delivered}, lambda k: k.order.delivered_at is not None and k.order.delivered_at >= (o.delivered_at or at)),
        ({"q": f"delivered:<={delivered}"}, lambda k: k.order.delivered_at is not None and k.order.delivered_at <= (o.delivered_at or at)),
        ({"q": "-delivered:..2999"}, lambda k: k.order.delivered_at is None),
        ({"channel": "web,amazon"}, lambda k: k.order.channel == "web"),
        ({"q": "-has:note"}, lambda k: "note" not in k.has),
        ({"q": "has:parcel,hold"}, lambda k: bool(k.has & {"parcel", "hold"})),
        ({"q": "is:open -is:cod"}, lambda k: k.order.status in set(order_rows._COUNTED.values()) and k.order.payment_method != "cod"),
        ({"q": "is:stuck"}, lambda k: k.order.status in finding.LATE_AFTER and timezone.now() - k.order.state_since > finding.LATE_AFTER[k.order.status]),
    ]


def test_every_filter_alone_finds_what_a_loop_finds(orders: list[Known], boss: makers.Caller) -> None:
    some = 0
    for query, holds in choices(orders, random.Random(1)):
        expected = numbers(orders, holds)
        assert found(boss, **query) == expected, query
        some += bool(expected)
    assert some > 30, "the filters hardly find anything, so they show nothing"


@example(seed=3364)
@examples(max_examples=many(60))
@given(st.integers(0, 10_000))
def test_any_filters_together_find_what_a_loop_finds(orders: list[Known], boss: makers.Caller, seed: int) -> None:
    chance = random.Random(seed)
    picked = chance.sample(choices(orders, chance), chance.randrange(2, 5))
    query: dict[str, str] = {}
    conditions = []
    for wish, holds in picked:
        ((key, value),) = wish.items()
        # Groups of digits side by side would be one phone number.
        if (key != "q" and key in query) or value.startswith("+"):
            continue
        query[key] = f"{query[key]} {value}" if key in query else value
        conditions.append(holds)
    assert found(boss, **query) == numbers(orders, lambda one: all(holds(one) for holds in conditions)), query


def test_an_initial_and_a_name_with_marks_are_found(orders: list[Known], boss: makers.Caller) -> None:
    for q, name in (("Li K Wei", "Li K Wei"), ("o'brien", "Asha O'Brien"), ("मीरा", "मीरा कुमारी"), ("SHARMA meer", "Meera Sharma")):
        assert found(boss, q=q) == numbers(orders, lambda one, name=name: one.name == name) != [], q  # type: ignore[misc]
    assert found(boss, q="Meera Wei") == found(boss, q="phone:12") == found(boss, q="name:-") == []


def test_a_word_that_is_of_two_kinds_finds_both(orders: list[Known], boss: makers.Caller) -> None:
    tail = next(one.order.number[-4:] for one in orders)
    maker = makers.placed_order(skus=[SKUS[0]], phone=f"+91984501{tail}")
    expected = {one.order.number for one in orders if tail in one.order.number} | {maker.number}
    assert set(found(boss, q=tail)) == expected


@pytest.mark.parametrize("q", ["status:shiped", "nothing:here", 'name:"x', "placed:soon", "total:9..1", "x" * 501])
def test_what_is_not_understood_is_400_with_its_place(boss: makers.Caller, q: str) -> None:
    problem = makers.read(boss.get("/admin/orders", q=q), 400)
    assert [error["pointer"] for error in problem["errors"]] == ["?q"]
    assert "character" in problem["errors"][0]["detail"]


@examples(max_examples=many(80))
@given(q=st.one_of(st.text(max_size=40), st.lists(st.sampled_from(["status:", "total:", "placed:", "%", "_", "'", '"', "\\", "(", ">", "..", "9" * 12, "@", "*", "\x00", "🙂", "sku:", "a"]), max_size=8).map("".join)))
def test_f70_hostile_words_are_answered_or_refused(orders: list[Known], boss: makers.Caller, q: str) -> None:
    assert boss.get("/admin/orders", q=q).status_code in {200, 400}
    assert order_rows.listing(_query(q=q)) is not None


def test_wildcards_of_the_database_are_letters(boss: makers.Caller) -> None:
    for text in ("ORD%", "ORD_2026", "%", "\\", "awb:%%%%", "sku:T_A*", "sku:%"):
        assert found(boss, q=text) == [], text
    assert found(boss, orderNumber="%") == []


def test_depth_stays_where_it_was_while_orders_come_and_go(orders: list[Known], boss: makers.Caller) -> None:
    """B60: a walk by cursor meets every order that was there once, whatever is written meanwhile."""
    seen: list[str] = []
    cursor: dict[str, str] = {}
    for turn in itertools.count():
        page = makers.read(boss.get("/admin/orders", q="items:>0 -status:refunded", limit=2, **cursor))
        seen += [row["orderNumber"] for row in page["data"]]
        if page["nextCursor"] is None:
            break
        cursor = {"cursor": page["nextCursor"]}
        if turn < 3:
            makers.placed_order(skus=[SKUS[0]])
    assert seen == numbers(orders, lambda _: True)


def test_a_search_costs_the_same_for_few_and_many(orders: list[Known], boss: makers.Caller, django_assert_max_num_queries: Any) -> None:
    for q in ("", "status:pending,shipped city:Pune", "meera", "00001", "meera sharma", PEOPLE[0][1]):
        with django_assert_max_num_queries(7 + len(q.split())):
            found(boss, q=q)


@pytest.mark.parametrize("q", ["meera sharma", "name:meera name:sharma", "name:meera sharma", 'status:pending name:"meera sharma"'])
def test_names_typed_together_are_asked_together(orders: list[Known], q: str) -> None:
    """B37: however common each of two names is, the orders read are of those who have both."""
    wanted = str(Order.objects.filter(finding.matching(finding.parse(q))).query)
    assert wanted.count("INTERSECT") == 1
    assert wanted.count('"person_id" IN') == 1


def test_names_that_are_no_name_or_either_of_two_stand_alone(orders: list[Known]) -> None:
    """B37: what is left out, and what is one of several, narrows nothing it should not."""
    every = set(Order.objects.values_list("pk", flat=True))

    def of(q: str) -> set[Any]:
        return set(Order.objects.filter(finding.matching(finding.parse(q))).values_list("pk", flat=True))

    meera, li = of("name:meera"), of("name:li")
    assert (len(meera) > 0, len(li) > 0, meera & li) == (True, True, set())
    assert of("name:meera name:sharma") == meera
    assert of("name:meera name:li") == set()
    assert of("name:meera -name:li") == meera
    assert of("name:meera,li") == meera | li
    assert of("-name:meera -name:li") == every - meera - li


def _query(**words: str) -> Any:
    from django.http import QueryDict

    query = QueryDict(mutable=True)
    query.update(words)
    return query


def test_the_console_shows_each_term_as_a_chip_that_takes_it_away(orders: list[Known], admin_client: Client) -> None:
    page = admin_client.get("/console/orders/", {"q": 'status:shipped,delivered city:"New Delhi"'}).content.decode()
    assert 'aria-label="Remove: status:shipped,delivered"' in page
    assert 'href="?q=city%3A%22New+Delhi%22"' in page
    listing = order_rows.listing(_query(q="status:shiped"))
    assert (listing.rows, listing.total) == ([], 0)
    assert "Did you mean shipped?" in listing.refusals[0]
    whole = order_rows.listing(_query(q="status:delivered"))
    assert {row.order.status for row in whole.rows} == {"delivered"}


@pytest.mark.parametrize(("name", "typed"), [
    ("José Núñez", "jose"), ("José Núñez", "NUNEZ"), ("José Núñez", "josé"), ("Łukasz Żak", "lukasz"), ("Søren Æbelø", "aebelo"),
    ("Jürgen Groß", "gross"), ("Nguyễn Thị", "nguyen"), ("Jose", "José"), ("मीरा नायर", "मीरा"),
])  # fmt: skip
def test_b35_a_name_is_found_with_its_accents_and_without(name: str, typed: str) -> None:
    assert people.tokens({"name": name}) & set(people.name_tokens(typed))


def test_b35_a_city_is_found_with_its_accents_and_without() -> None:
    kept = people.place_tokens({"city": "Zürich"})["city_token"]
    assert all(kept in people.city_tokens(typed) for typed in ("zurich", "Zürich", "ZURICH"))


def test_b35_a_vowel_sign_is_part_of_its_word() -> None:
    assert not people.tokens({"name": "मीरा"}) & set(people.name_tokens("मारी"))


def test_b35_a_name_kept_with_its_accents_is_still_found() -> None:
    assert ("name", vault.blind("name", "josé")) in people.name_tokens("José")


def test_tokens_of_a_profile_cover_what_is_searched() -> None:
    profile = {"name": "Meera", "email": "meera@example.com", "phone": "+91 98450-12345"}
    kept = people.tokens(profile)
    for text in ("mee", "meera@example.com", "@example.com", "9845012345", "2345", "450 12345", "meera"):
        assert set(people.tokens_for_search(text)) & kept, text
