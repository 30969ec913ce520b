"""Strict serializers, fields and query parameters (F65 to F71)."""

from __future__ import annotations

import datetime as dt
import json
import uuid
from typing import Any

import pytest
from django.http import QueryDict
from rest_framework import serializers

from config.api.parsers import loads
from tests.api import corpus
from timeline.api import query, wire
from timeline.errors import BadRequest


class LineInput(wire.Input):
    """A line as a customer writes it."""

    sku = wire.Code()
    quantity = wire.Quantity()
    metadata = wire.Metadata(required=False)


class WishInput(wire.Input):
    """One of each kind."""

    lines = LineInput(many=True, allow_empty=False)
    gift_note = wire.StrictText(max_length=200, multiline=True, required=False)
    name = wire.StrictText(max_length=80, required=False)
    email = wire.Email(required=False)
    max_amount = wire.Money(required=False)
    is_public = wire.StrictBool(required=False)
    order_item_id = wire.StrictUUID(required=False)
    method = wire.Choice(choices=["standard", "express"], required=False)
    at = wire.StrictDateTime(required=False)
    created_at = wire.StrictDateTime(read_only=True)

    def validate_max_amount(self, value: int) -> int:
        """Refuse one amount, to show that the hook is called by its snake_case name."""
        if value == 13:
            raise serializers.ValidationError("Thirteen is refused here.")
        return value


VALID: dict[str, Any] = {
    "lines": [{"sku": "tea-1", "quantity": 2, "metadata": {"engraving": "Asha"}}],
    "giftNote": "  Happy birthday\r\nAsha ",
    "name": "Jose\u0301",
    "email": "Asha.K@Example.COM",
    "maxAmount": 10_000,
    "isPublic": False,
    "orderItemId": "01890A5D-ac96-774b-bcce-b302099a8057",
    "method": "express",
    "at": "2026-01-31T10:00:00.5+05:30",
}
KINDS = {
    "#/lines": "list",
    "#/lines/0": "object",
    "#/lines/0/sku": "code",
    "#/lines/0/quantity": "quantity",
    "#/lines/0/metadata": "metadata",
    "#/giftNote": "text",
    "#/name": "text",
    "#/email": "email",
    "#/maxAmount": "money",
    "#/isPublic": "bool",
    "#/orderItemId": "uuid",
    "#/method": "choice",
    "#/at": "uuid",
}


def faults(data: object) -> dict[str, str]:
    """Parse what must be refused; give its errors by pointer."""
    with pytest.raises(BadRequest) as caught:
        WishInput.parse(data)
    assert caught.value.slug == "validation"
    return dict(caught.value.errors)


def test_a_good_body_comes_back_in_canonical_form() -> None:
    assert WishInput.parse(VALID) == {
        "lines": [{"sku": "TEA-1", "quantity": 2, "metadata": {"engraving": "Asha"}}],
        "gift_note": "Happy birthday\nAsha",
        "name": "José",
        "email": "asha.k@example.com",
        "max_amount": 10_000,
        "is_public": False,
        "order_item_id": uuid.UUID("01890a5d-ac96-774b-bcce-b302099a8057"),
        "method": "express",
        "at": dt.datetime(2026, 1, 31, 4, 30, 0, 500_000, tzinfo=dt.UTC),
    }


@pytest.mark.parametrize("pointer", KINDS)
def test_f60_to_f72_every_bad_value_of_a_field_is_refused(pointer: str) -> None:
    let_through = []
    for bad in corpus.at(VALID, pointer, KINDS[pointer]):
        try:
            WishInput.parse(loads(bad.raw))
        except BadRequest:
            continue
        let_through.append(str(bad))
    assert let_through == []


def test_f60_to_f68_every_bad_body_is_refused() -> None:
    let_through = []
    for bad in corpus.whole(VALID):
        if 415 in bad.expect:
            continue
        try:
            WishInput.parse(loads(bad.raw))
        except BadRequest:
            continue
        let_through.append(str(bad))
    assert let_through == []


def test_the_corpus_is_large_and_built_on_a_valid_body() -> None:
    cases = list(corpus.bodies(VALID, KINDS))
    assert len(cases) > 500
    assert len({case.name for case in cases}) == len(cases)
    assert loads(corpus.replaced(VALID, "#/lines/0/quantity", "2")) == VALID


def test_errors_point_at_each_place() -> None:
    found = faults({"lines": [{"sku": "A", "quantity": 1}, {"sku": "A", "quantity": True, "price": 1}], "x/y ": 1})
    assert set(found) == {"#/lines/1/quantity", "#/lines/1/price", "#/x~1y%20"}
    assert found["#/lines/1/price"] == "Unknown field."


def test_f68_read_only_keys_are_refused_by_name() -> None:
    assert faults({**VALID, "createdAt": "2026-01-01T00:00:00Z"}) == {"#/createdAt": "This field cannot be set."}


def test_f68_snake_case_is_not_a_second_name() -> None:
    assert faults({**VALID, "gift_note": "x"}) == {"#/gift_note": "Unknown field."}


def test_the_validator_of_a_renamed_field_is_called() -> None:
    assert faults({**VALID, "maxAmount": 13}) == {"#/maxAmount": "Thirteen is refused here."}


def test_f71_lists_have_a_greatest_length() -> None:
    line = {"sku": "A", "quantity": 1}
    assert set(faults({"lines": [line] * (wire.LIST_LENGTH_MAX + 1)})) == {"#/lines"}


@pytest.mark.parametrize("data", [None, [], "x", 1, [VALID]])
def test_the_body_must_be_an_object(data: object) -> None:
    assert set(faults(data)) == {"#"}


def test_f67_indian_scripts_keep_their_joiners() -> None:
    text = "क्\u200dष श्री\u200cमान"
    assert WishInput.parse({**VALID, "name": text})["name"] == text


def test_f67_twins_become_one() -> None:
    one, other = ({**VALID, "email": text} for text in ("ASHA@example.com", "\uff21sha@example.com"))
    assert WishInput.parse(one)["email"] == WishInput.parse(other)["email"]


def test_a_text_of_nothing_visible_is_blank() -> None:
    assert "#/name" in faults({**VALID, "name": "\u200d\u200c"})
    assert "#/name" in faults({**VALID, "name": " \u3000 "})


class OrderOutput(wire.Output):
    """An answer with a renamed field, a method and a time."""

    order_number = serializers.CharField()
    placed_at = wire.StrictDateTime()
    gst_rate = serializers.SerializerMethodField()

    def get_gst_rate(self, row: dict[str, Any]) -> int:
        """Give what is in the row."""
        return int(row["rate"])


def test_outputs_are_camel_case_and_utc() -> None:
    ist = dt.timezone(dt.timedelta(hours=5, minutes=30))
    row = {"order_number": "ORD-1", "placed_at": dt.datetime(2026, 1, 1, 5, 30, tzinfo=ist), "rate": 18}
    assert OrderOutput(row).data == {"orderNumber": "ORD-1", "placedAt": "2026-01-01T00:00:00Z", "gstRate": 18}


class OrderQuery(query.Query):
    """Filters of a list."""

    status = query.QueryList(child=wire.Choice(choices=["pending", "confirmed"]), required=False)
    customer_id = query.QueryList(child=wire.StrictUUID(), required=False)
    created_from = query.QueryMoment(required=False)
    created_to = query.QueryMoment(required=False, end=True)
    min_total = query.QueryInt(max_value=wire.MONEY_MINOR_MAX, required=False)
    q = query.QueryText(required=False)
    sort = query.QuerySort({"createdAt": "placed_at", "total": "total_minor"}, default="-placed_at")


def test_a_good_query_comes_back_typed() -> None:
    params = QueryDict(
        "status=pending,confirmed&status=pending&createdFrom=2026-01-31T00:00:00+05:30&createdTo=2026-01-31"
        "&minTotal=100&q=%20chai%20&sort=-total&limit=200&page=10000",
    )
    parsed = OrderQuery.parse(params)
    assert parsed["created_from"] == dt.datetime(2026, 1, 30, 18, 30, tzinfo=dt.UTC)
    assert parsed["created_to"].date() == dt.date(2026, 2, 1)
    assert parsed["created_to"].tzinfo is not None
    rest = {key: value for key, value in parsed.items() if not key.startswith("created")}
    assert rest == {
        "status": ["pending", "confirmed", "pending"],
        "min_total": 100,
        "q": "chai",
        "sort": "-total_minor",
        "limit": 200,
        "page": 10_000,
        "cursor": None,
    }


def test_an_empty_query_has_the_defaults() -> None:
    assert OrderQuery.parse(QueryDict("")) == {"page": 1, "limit": 20, "cursor": None, "sort": "-placed_at"}


@pytest.mark.parametrize(
    "text",
    [
        *(text for text in corpus.bad_queries() if not text.startswith("cursor=")),
        *("cursor=%00", "cursor=" + "A" * 5000, "cursor=a&cursor=b", "cursor=a%20b", "cursor="),
        *("status=", "status=pending,", "status=refund", "status=" + ",".join(["pending"] * 51)),
        *("customerId=1", "customerId=01890a5d-ac96-774b-bcce-b302099a8057'", "minTotal=10000000000001"),
        *("createdFrom=yesterday", "createdFrom=2026-02-30", "createdFrom=2026-01-31T00:00:00", "createdTo=9999-12-31"),
        *("createdFrom=0001-01-01T00:00:00Z", "createdFrom=2026-01-31T24:00:01Z"),
        *("q=%00", "q=%E2%80%AE", "q=%FF", "q=" + "x" * 101, "q=a&q=b", "sort=placed_at", "sort=createdAt,total"),
    ],
)
def test_f70_f71_bad_queries_are_refused(text: str) -> None:
    with pytest.raises(BadRequest) as caught:
        OrderQuery.parse(QueryDict(text[:200_000]))
    assert caught.value.slug == "validation"
    assert all(pointer.startswith("?") for pointer, _ in caught.value.errors)


def test_f72_what_is_refused_does_not_come_back_whole() -> None:
    long = "x" * 10_000
    with pytest.raises(BadRequest) as caught:
        WishInput.parse({**VALID, long: 1, "name": long})
    assert len(json.dumps(caught.value.errors)) < 1_000
