"""From the query string of the staff list to a search."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any
from uuid import UUID

from orders.operations.people import tokens_for_search
from orders.searching import OrderSearch

if TYPE_CHECKING:
    from collections.abc import Mapping

    from orders.searching import Token

WORDS_MAX = 6
_UUID = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")


def search_of(wish: Mapping[str, Any]) -> OrderSearch:
    """The search of `OrdersQuery`'s values. A customer is an id, or words each of which must be theirs."""
    customer = wish["customer"]
    persons = list(wish["customer_id"])
    tokens: list[list[Token]] = []
    if _UUID.fullmatch(customer):
        persons = [pk for pk in persons if pk == UUID(customer)] or ([] if persons else [UUID(customer)])
        persons = persons or [UUID(int=0)]
    elif customer:
        tokens = words_of(customer)
    return OrderSearch(
        statuses=wish["status"],
        payment_states=wish["payment_status"],
        fulfilment_states=wish["shipping_status"],
        channels=wish["channel"],
        person_ids=persons,
        tokens=tokens,
        number=wish["order_number"],
        text=wish["q"],
        text_tokens=words_of(wish["q"]) if wish["q"] else [],
        created_from=wish["created_from"],
        created_to=wish["created_to"],
        delivered_from=wish["delivered_from"],
        delivered_to=wish["delivered_to"],
        min_total_minor=wish["min_total"],
        max_total_minor=wish["max_total"],
    )


def words_of(text: str) -> list[list[Token]]:
    """The groups of blind tokens for what somebody typed: an address or a phone as a whole, a name word by word."""
    if "@" in text or not any(letter.isalpha() for letter in text):
        return [tokens_for_search(text)]
    return [tokens_for_search(word) for word in text.split()[:WORDS_MAX]]
