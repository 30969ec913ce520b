"""What is heard of a dispute, in any order, repeated or lost: the books end as the gateway's do (F17, F19, F30, F32)."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from payments import journal, operations
from payments.gateways.base import GatewayDispute
from payments.models import Dispute, Payment
from payments.reconciliation import differences
from tests.payments import makers
from timeline.models import Event

EXAMPLES = 30
AMOUNT_MINOR = 100_000
ENDS = ("under_review", "won", "lost", "closed")


@st.composite
def stories(draw: st.DrawFn) -> tuple[list[GatewayDispute], list[GatewayDispute], int]:
    """A dispute's true history, what is heard of it (anything, in any order), and what was refunded before."""
    asked = draw(st.integers(1, AMOUNT_MINOR))
    held = draw(st.sampled_from([0, asked // 2, asked]))
    first = GatewayDispute(
        makers.gateway_id("disp"), "pay", "open", asked, 0, "INR", "chargeback",
        draw(st.sampled_from(["retrieval", "chargeback"])), None, None,
    )
    history = [first, replace(first, deducted_minor=held), replace(first, phase="chargeback", deducted_minor=held)]
    if draw(st.booleans()):
        history.append(replace(history[-1], status="under_review"))
    end = draw(st.sampled_from(ENDS))
    final = {"under_review": held, "lost": asked}.get(end, 0)
    history.append(replace(history[-1], status=end, deducted_minor=final))
    heard = draw(st.lists(st.sampled_from(history), max_size=8))
    return history, heard, draw(st.integers(0, AMOUNT_MINOR))


def sums(payment: Payment) -> dict[str, int]:
    found: dict[str, int] = {}
    for posting in journal.of_stream(payment.stream):
        found[posting.account_id] = found.get(posting.account_id, 0) + posting.amount_minor
    return {account: amount for account, amount in found.items() if amount}


class Converging(TestCase):
    """The last word is the gateway's, as the sweep brings it."""

    @settings(max_examples=EXAMPLES, deadline=None)
    @given(stories())
    def test_the_books_end_as_the_gateway_says(
        self, story: tuple[list[GatewayDispute], list[GatewayDispute], int]
    ) -> None:
        """Whatever was heard before, once the truth is heard the sums are those of the truth."""
        history, heard, refunded = story
        payment = makers.captured(amount_minor=AMOUNT_MINOR)
        if refunded:
            makers.refund_in("processed", payment, amount_minor=refunded)
        before = sums(payment)
        for word in [*heard, history[-1]]:
            dispute = makers.do(payment, operations.merge_dispute, seen=word)
            kept = Dispute.objects.get(pk=dispute.pk)
            assert 0 <= kept.deducted_minor <= kept.amount_minor
            assert sum(sums(payment).values()) == 0
            assert makers.fresh(payment).disputed_minor == kept.deducted_minor

        truth = history[-1]
        now, gone = sums(payment), truth.deducted_minor
        taken = {"lost": "disputes", "under_review": "disputes_held"}.get(truth.status, "disputes")
        assert kept.status == truth.status
        assert kept.deducted_minor == gone
        assert {name: now.get(name, 0) - before.get(name, 0) for name in {*now, *before}} == {
            **dict.fromkeys({*now, *before}, 0), **({"gateway_receivable": -gone, taken: gone} if gone else {}),
        }
        assert makers.fresh(payment).refundable_minor == max(0, AMOUNT_MINOR - refunded - gone)
        assert differences() == []

        events = Event.objects.count()
        for word in heard if truth.status != "under_review" else [truth]:
            makers.do(payment, operations.merge_dispute, seen=word)
        assert Event.objects.count() == events
