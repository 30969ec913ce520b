"""A code proves an address; guesses end; an address tells nothing of who has an account."""

from __future__ import annotations

import re

import pytest
import time_machine
from django.test import Client

from orders.models import Message, Person
from orders.operations import accounts
from orders.pages.signing_in import CODES_PER_HOUR_MAX, TRIES_MAX
from tests.flows import makers
from tests.pages.markup import check
from tests.pages.test_shop import put_into_cart

pytestmark = pytest.mark.django_db(transaction=True)


def ask(client: Client, email: str = "Priya@Example.in", path: str = "/account/login/") -> str:
    answer = client.post(path, {"email": email})
    assert (answer.status_code, answer.headers["Location"]) == (302, "/account/login/code/")
    found = re.search(r"[0-9]{6}", Message.objects.latest("created_at", "id").opened()["body"])
    assert found is not None
    return found[0]


def test_a_code_signs_in_and_the_cart_comes_along() -> None:
    makers.product()
    client = Client()
    put_into_cart(client)
    before = client.session.session_key
    code = ask(client, path="/account/login/?next=/cart/")

    answer = client.post("/account/login/code/", {"code": f" {code} "})

    assert (answer.status_code, answer.headers["Location"]) == (302, "/cart/")
    assert client.session.session_key != before
    assert client.session["person_id"] == str(accounts.person_id_of("priya@example.in"))
    text = client.get("/cart/").content.decode()
    check(text)
    assert "Thing TEA-1" in text
    assert Person.objects.get(pk=client.session["person_id"]).profile()["email"] == "priya@example.in"
    client.post("/account/logout/")
    assert "person_id" not in client.session


def test_guesses_end_and_a_code_lives_ten_minutes() -> None:
    client = Client()
    with time_machine.travel("2026-11-21T05:00:00+00:00", tick=False) as clock:
        code = ask(client)
        wrong = f"{(int(code) + 1) % 1_000_000:06d}"
        for _ in range(TRIES_MAX):
            assert client.post("/account/login/code/", {"code": wrong}).status_code == 422
        assert client.post("/account/login/code/", {"code": code}).headers["Location"] == "/account/login/"
        code = ask(client)
        clock.shift(601)
        assert client.post("/account/login/code/", {"code": code}).headers["Location"] == "/account/login/"
    assert "person_id" not in client.session


def test_so_many_codes_an_hour() -> None:
    client = Client()
    for _ in range(CODES_PER_HOUR_MAX):
        ask(client)

    answer = client.post("/account/login/", {"email": "priya@example.in"})

    assert answer.status_code == 429
    check(answer.content.decode())


def test_known_and_unknown_addresses_are_answered_alike() -> None:
    first, again = Client(), Client()
    ask(first)
    ask(again)
    pages = [re.sub(r'value="[^"]*"', "", client.get("/account/login/code/").content.decode()) for client in (first, again)]
    assert pages[0] == pages[1]
    for path in ("/account/login/", "/account/login/code/"):
        check(first.get(path).content.decode())
    assert Client().get("/account/login/code/").headers["Location"] == "/account/login/"
    assert first.post("/account/login/", {"email": "nonsense"}).status_code == 422


@pytest.mark.parametrize("target", ["//evil.example", "https://evil.example/", "javascript:alert(1)"])
def test_f83_next_leads_nowhere_else(target: str) -> None:
    client = Client()
    code = ask(client, path=f"/account/login/?next={target}")

    assert client.post("/account/login/code/", {"code": code}).headers["Location"] == "/account/orders/"
    assert client.post("/theme/", {"theme": "dark", "next": target}).headers["Location"] == "/"
