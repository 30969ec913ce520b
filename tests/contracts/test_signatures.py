"""F28, F29: what is signed, with which secret, and that nothing else gets in."""

from __future__ import annotations

import json
import random

import pytest

from payments.gateways.razorpay import RazorpayGateway, verify_webhook
from tests.contracts.server import signature

SECRET = "a webhook secret of ours"
BODY = json.dumps({
    "entity": "event", "event": "payment.captured", "contains": ["payment"],
    "payload": {"payment": {"entity": {"id": "pay_Ab12Cd34Ef56Gh", "amount": 59_000, "notes": []}}},
}, separators=(",", ":")).encode()  # fmt: skip
GOOD = signature(SECRET, BODY)
MUTATIONS = 10_000


def test_the_known_answer_of_rfc_4231() -> None:
    """Test case 2 of RFC 4231."""
    assert verify_webhook(
        b"what do ya want for nothing?", "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843", ["Jefe"]
    )


def test_the_checkout_signature_is_of_order_and_payment() -> None:
    gateway = RazorpayGateway("key", "key_secret", "http://127.0.0.1:9")
    known = "0e4e8c4a0d7b6ae3"
    good = signature("key_secret", b"order_Aa1|pay_Bb2")
    given = {"gateway_order_id": "order_Aa1", "gateway_payment_id": "pay_Bb2"}

    assert gateway.check_return(**given, signature=good)
    assert not gateway.check_return(**given, signature=known)
    assert not gateway.check_return(**given, signature=signature("key_secret", b"pay_Bb2|order_Aa1"))
    assert not gateway.check_return(**given, signature=signature("webhook", b"order_Aa1|pay_Bb2"))


def test_f29_both_secrets_are_good_while_one_takes_over() -> None:
    assert verify_webhook(BODY, GOOD, ["the next secret", SECRET])
    assert verify_webhook(BODY, signature("the next secret", BODY), ["the next secret", SECRET])
    assert not verify_webhook(BODY, GOOD, ["the next secret"])


@pytest.mark.parametrize("given", [None, "", "é", "\ud800", GOOD.upper(), f" {GOOD}", GOOD[:-1], f"{GOOD}0", "0" * 64])
def test_f28_odd_signatures_are_refused_quietly(given: str | None) -> None:
    assert not verify_webhook(BODY, given, [SECRET])


def test_f28_no_secret_or_an_empty_one_lets_nothing_in() -> None:
    assert not verify_webhook(BODY, GOOD, [])
    assert not verify_webhook(BODY, signature("", BODY), [""])


def test_f28_a_reserialised_body_is_not_the_signed_one() -> None:
    assert not verify_webhook(json.dumps(json.loads(BODY)).encode(), GOOD, [SECRET])


def test_f28_of_ten_thousand_mutations_none_is_accepted() -> None:
    chance = random.Random(28)
    accepted = 0
    for _ in range(MUTATIONS):
        body, given = _mutated(chance)
        assert (body, given) != (BODY, GOOD)
        accepted += verify_webhook(body, given, [SECRET, "an older secret"])
    assert accepted == 0


def _mutated(chance: random.Random) -> tuple[bytes, str]:
    place = chance.randrange(len(BODY))
    byte = bytes([BODY[place] ^ chance.randrange(1, 256)])
    spot = chance.randrange(len(GOOD))
    sign = chance.choice([sign for sign in "0123456789abcdefXY é" if sign != GOOD[spot]])
    return chance.choice([
        (BODY[:place] + byte + BODY[place + 1 :], GOOD),
        (BODY[:place], GOOD),
        (BODY + byte, GOOD),
        (BODY, GOOD[:spot] + sign + GOOD[spot + 1 :]),
        (BODY, GOOD[:spot]),
        (BODY, signature(f"{SECRET}{place}", BODY)),
        (BODY, "".join(chance.choices("0123456789abcdef", k=64))),
    ])  # fmt: skip


def test_control_the_body_as_it_was_signed_is_accepted() -> None:
    assert verify_webhook(BODY, GOOD, ["an older secret", SECRET])
