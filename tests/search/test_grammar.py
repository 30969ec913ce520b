"""The search language, without a database (UX B5.2)."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as st

from orders import grammar
from orders.grammar import KEYS, NotUnderstood, Span, parse
from orders.models import Order
from payments.models import Payment
from tests.thorough import many

NOW = dt.datetime(2026, 11, 28, 13, 30, tzinfo=ZoneInfo("Asia/Kolkata"))


def one(text: str) -> grammar.Term:
    (term,) = parse(text, now=NOW)
    return term


def day(text: str) -> dt.datetime:
    return dt.datetime.combine(dt.date.fromisoformat(text), dt.time.min, NOW.tzinfo)


def test_the_words_are_those_of_the_machines() -> None:
    assert list(grammar.STATUSES) == Order.Status.values
    assert list(grammar.PAYMENT_STATES) == Order.PaymentState.values
    assert list(grammar.FULFILMENT_STATES) == Order.FulfilmentState.values
    assert not set(grammar.PAYMENT_STATES) & set(grammar.PAYMENT_METHODS)
    assert max(map(len, grammar.PAYMENT_METHODS)) <= (Payment._meta.get_field("method").max_length or 0)


def test_the_sentence_of_the_documents_is_understood() -> None:
    terms = parse("status:confirmed,processing placed:7d total:>500 city:Pune sku:TEA-ASM-500 awb:79464479 has:note is:stuck pay:upi", now=NOW)
    assert [term.key for term in terms] == ["status", "placed", "total", "city", "sku", "awb", "has", "is", "pay"]
    assert terms[0].values == ("confirmed", "processing")


@pytest.mark.parametrize(
    ("text", "spans"),
    [
        ("total:500", [(50_000, 50_001)]),
        ("total:₹500.5", [(50_050, 50_051)]),
        ("total:>500", [(50_001, None)]),
        ("total:<=500", [(None, 50_001)]),
        ("total:<500,>=900", [(None, 50_000), (90_000, None)]),
        ("total:500..900", [(50_000, 90_001)]),
        ("total:..900", [(None, 90_001)]),
        ("items:>2", [(3, None)]),
        ("placed:7d", [(NOW - dt.timedelta(days=7), None)]),
        ("placed:>2w", [(None, NOW - dt.timedelta(days=14))]),
        ("placed:<36h", [(NOW - dt.timedelta(hours=36), None)]),
        ("placed:30d..7d", [(NOW - dt.timedelta(days=30), NOW - dt.timedelta(days=7))]),
        ("placed:today", [(day("2026-11-28"), day("2026-11-29"))]),
        ("placed:yesterday", [(day("2026-11-27"), day("2026-11-28"))]),
        ("placed:2026-11-21", [(day("2026-11-21"), day("2026-11-22"))]),
        ("placed:>2026-11-21", [(day("2026-11-22"), None)]),
        ("placed:2026-12", [(day("2026-12-01"), day("2027-01-01"))]),
        ("placed:2024", [(day("2024-01-01"), day("2025-01-01"))]),
        ("delivered:2026-11-01..2026-11-21", [(day("2026-11-01"), day("2026-11-22"))]),
        ("created:>=2026-11-21T10:00:00Z", [(dt.datetime(2026, 11, 21, 10, tzinfo=dt.UTC), None)]),
    ],
)
def test_ranges(text: str, spans: list[tuple[object, object]]) -> None:
    assert one(text).spans == tuple(Span(low, high) for low, high in spans)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("text", "terms"),
    [
        ("", []),
        ("meera sharma", [("", "meera", False), ("", "sharma", False)]),
        ('"meera sharma"', [("", "meera sharma", False)]),
        ("-status:Cancelled -meera", [("status", "cancelled", True), ("", "meera", True)]),
        ('city:"New Delhi"', [("city", "New Delhi", False)]),
        ("PAYMENT:paid", [("pay", "paid", False)]),
        ("+91 98450 12345", [("", "+919845012345", False)]),
        ("98450-12345 paid", [("", "98450-12345", False), ("", "paid", False)]),
        ("00042 00043", [("", "0004200043", False)]),
        ("ORD-20261128-00001", [("", "ORD-20261128-00001", False)]),
        ('"is:odd" 12:30', [("", "is:odd", False), ("", "12:30", False)]),
        ("ship:partially-", None),
        ("is:stuck,held", [("is", "stuck", False)]),
        ("-", [("", "-", False)]),
    ],
)
def test_terms(text: str, terms: list[tuple[str, str, bool]] | None) -> None:
    if terms is None:
        with pytest.raises(NotUnderstood):
            parse(text, now=NOW)
        return
    assert [(term.key, term.values[0], term.is_not) for term in parse(text, now=NOW)] == terms


@pytest.mark.parametrize(
    ("text", "place", "says"),
    [
        ("status:confirmd", 8, "Did you mean confirmed?"),
        ("meera stauts:paid", 7, "Did you mean status:?"),
        ("foo:bar", 1, "There is nothing called foo:"),
        ("status:", 8, "needs a value"),
        ("total:,", 8, "needs a value"),
        ("total:abc", 7, "Such as total:500"),
        ("total:1.234", 7, "cannot read"),
        ("total:٥", 7, "cannot read"),
        ("total:9..5", 7, "ends before it begins"),
        ("total:>", 7, "an empty value"),
        ("items:1.5", 7, "cannot read"),
        ("placed:2026-02-30", 8, "cannot read"),
        ("placed:0001-01-01", 8, "cannot read"),
        ("placed:9999", 8, "cannot read"),
        ("placed:..", 8, "needs an end"),
        ("placed:2026-11-28T25:00:00Z", 8, "cannot read"),
        ('city:"New', 6, "not closed"),
        ('""', 1, "nothing between"),
        ("a\x00b", 2, "control character"),
        ("x" * 501, 501, "at most 500"),
        ("x" * 121, 1, "at most 120"),
        (" ".join("x" for _ in range(21)), 41, "at most 20 terms"),
        ("sku:" + ",".join("x" for _ in range(21)), 45, "at most 20 values"),
    ],
)
def test_what_is_not_understood_says_where_and_what_to_try(text: str, place: int, says: str) -> None:
    with pytest.raises(NotUnderstood, match=".") as caught:
        parse(text, now=NOW)
    assert caught.value.place == place
    assert says in str(caught.value)


def test_a_term_taken_away_leaves_the_others_as_they_were_typed() -> None:
    text = 'meera  -status:paid,"x" city:"New Delhi"'.replace('paid,"x"', "refunded")
    terms = parse(text, now=NOW)
    assert grammar.without(text, terms[1]) == 'meera city:"New Delhi"'
    assert grammar.without("+91 98450 12345 x", parse("+91 98450 12345 x", now=NOW)[0]) == "x"


_PARTS = st.sampled_from([*(f"{key}:" for key in KEYS), '"', ",", "..", ">", "<=", "-", "7d", "2026-11", "500", "paid", "मीरा", "\x00", "9" * 30])


@examples(max_examples=many(400))
@given(st.one_of(st.text(max_size=60), st.lists(st.one_of(_PARTS, st.text(max_size=3)), max_size=12).map("".join)))
def test_whatever_is_typed_is_understood_or_refused_with_its_place(text: str) -> None:
    try:
        terms = parse(text, now=NOW)
    except NotUnderstood as error:
        place = error.place
    else:
        place = 1
        _means_the_same_again(text, terms)
    assert 1 <= place <= len(text) + 1


def _means_the_same_again(text: str, terms: tuple[grammar.Term, ...]) -> None:
    for term in terms:
        assert text[term.start : term.end].strip() == text[term.start : term.end]
        assert term.key == "" or term.key in KEYS
        assert term.values
    whole = " ".join(text[term.start : term.end] for term in terms)
    assert [(term.key, term.values, term.spans) for term in parse(whole, now=NOW)] == [(term.key, term.values, term.spans) for term in terms]
