"""B71, B73: what is measured, and how a verdict comes of it."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orders.risk import rules, signals, verdict
from tests.thorough import many

RULES = st.lists(
    st.builds(
        rules.Rule, id=st.from_regex(r"[a-z]{2,8}", fullmatch=True), signal=st.sampled_from(sorted(signals.SIGNALS)),
        at_least=st.integers(1, 20), points=st.integers(0, 100), reason=st.just("So"),
    ),
    max_size=12,
)
MEASURED = st.dictionaries(st.sampled_from(sorted(signals.SIGNALS)), st.integers(0, 30))


@settings(max_examples=many(60))
@given(RULES, MEASURED, st.integers(1, 100), st.sampled_from(sorted(signals.SIGNALS)), st.integers(0, 30))
def test_b71_verdict_is_deterministic_monotone_and_explains_itself(
    found: list[rules.Rule], measured: dict[str, int], hold_from: int, signal: str, more: int
) -> None:
    ruleset = rules.Ruleset(1, hold_from, tuple(found))
    once = verdict.judge(measured, ruleset)
    higher = verdict.judge({**measured, signal: measured.get(signal, 0) + more}, ruleset)

    assert once == verdict.judge(dict(reversed(measured.items())), ruleset)
    assert once.score == min(100, sum(rule.points for rule in once.fired))
    assert (once.word == verdict.HOLD) == (once.score >= hold_from)
    assert higher.score >= once.score


def test_b73_addresses_tell_what_is_odd() -> None:
    good = {"name": "Asha Rao", "line1": "12 MG Road", "city": "Bengaluru", "state": "IN-KA", "postalCode": "560001"}
    odd = {**good, "name": "Aaaaa", "line1": "1", "postalCode": "110001"}

    assert not any(signals.of_address(good, good).values())
    assert signals.of_address(odd, {**good, "state": "IN-MH"}) == dict.fromkeys(signals.of_address(good, good), 1)


@pytest.mark.parametrize(("email", "is_so"), [("a@mailinator.com", 1), ("a@x.Mailinator.COM", 1), ("a@example.com", 0), ("", 0), ("a", 0)])
def test_b71_throw_away_mail_is_known_by_its_domain(email: str, is_so: int) -> None:
    assert signals.of_email(email) == {"disposable_mail": is_so}


def test_b71_a_total_is_measured_by_the_persons_own_past() -> None:
    assert signals.of_money(total_minor=5000, past_minor=[], is_cod=True) == {"total": 5000, "first_cod": 1, "first_total": 5000}
    assert signals.of_money(total_minor=5000, past_minor=[100, 500, 900], is_cod=True) == {
        "total": 5000, "first_cod": 0, "percent_of_usual": 1000,
    }


def test_b71_rules_that_cannot_be_used_are_named() -> None:
    data = rules.DEFAULT.to_data()
    assert rules.of_data(0, data) == rules.DEFAULT
    wrong = {"holdFrom": 0, "rules": [data["rules"][0], {**data["rules"][0], "signal": "moon", "points": 101}]}

    with pytest.raises(rules.RulesWrong) as caught:
        rules.of_data(1, wrong)
    assert [pointer for pointer, _ in caught.value.errors] == ["#/holdFrom", "#/rules/1/id", "#/rules/1/signal", "#/rules/1/points"]
