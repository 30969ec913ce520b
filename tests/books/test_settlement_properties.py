"""Random money, random reports: the postings sum to zero, and what was settled once is owed no more (D5)."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from payments import bank_statement, journal, operations
from payments.gateways.base import GatewayDispute, GatewaySettlementLine
from payments.models import Posting, SettlementLine
from tests.books.test_settlements import AT, book, line, paid, payout
from tests.payments import makers

if TYPE_CHECKING:
    from payments.models import Payment

EXAMPLES = 15


@dataclass(frozen=True)
class Wish:
    """A payment, what goes back of it, what is taken for a dispute, and how often the report names each of them."""

    amount_minor: int
    fee_minor: int
    refunded_quarters: int
    disputed: bool
    given_back: bool
    times: tuple[int, int, int]
    payout: int
    late: bool


WISHES = st.lists(
    st.builds(
        Wish, amount_minor=st.integers(10_000, 10_000_000), fee_minor=st.integers(0, 5000),
        refunded_quarters=st.integers(0, 2), disputed=st.booleans(), given_back=st.booleans(),
        times=st.tuples(*[st.integers(0, 2)] * 3), payout=st.integers(0, 2), late=st.booleans(),
    ),
    min_size=1, max_size=5,
)


def dispute(payment: Payment, wish: Wish) -> str:
    """The bank takes half, and gives it back when the dispute is won; its id."""
    gateway_id, half = makers.gateway_id("disp"), wish.amount_minor // 2
    states = [("open", half), *([("won", 0)] if wish.given_back else [])]
    for status, deducted_minor in states:
        seen = GatewayDispute(
            id=gateway_id, payment_id=payment.gateway_payment_id or "", status=status, amount_minor=half,
            deducted_minor=deducted_minor, currency="INR", reason_code="fraud", phase="chargeback", respond_by=None,
            created_at=AT,
        )
        makers.run(payment.stream, partial(operations.merge_dispute, payment_id=payment.pk, seen=seen))
    return gateway_id


def adjustment(gateway_dispute_id: str, amount_minor: int, *, back: bool) -> GatewaySettlementLine:
    sides = {"credit_minor": amount_minor, "debit_minor": 0} if back else {}
    return line(makers.gateway_id("adj"), "adjustment", amount_minor, dispute_id=gateway_dispute_id, **sides)


class World:
    """What was made, which lines speak of it, and what must be owed under each reference."""

    def __init__(self) -> None:
        self.lines: dict[int, list[GatewaySettlementLine]] = {}
        self.late: list[tuple[int, GatewaySettlementLine]] = []
        self.owed: dict[str, int] = {}

    def make(self, wish: Wish) -> None:
        payment = paid(wish.amount_minor)
        ref = payment.gateway_payment_id or ""
        net = wish.amount_minor - wish.fee_minor
        one = line(
            ref, amount_minor=wish.amount_minor, credit_minor=net, fee_minor=wish.fee_minor, tax_minor=wish.fee_minor * 18 // 118
        )
        self.tell(wish, 0, one, ref, wish.amount_minor)
        if wish.refunded_quarters:
            refund = makers.refund_in("processed", payment, amount_minor=wish.amount_minor * wish.refunded_quarters // 4)
            ref = refund.gateway_refund_id or ""
            self.tell(wish, 1, line(ref, "refund", refund.amount_minor), ref, -refund.amount_minor)
        if wish.disputed:
            ref, half = dispute(payment, wish), wish.amount_minor // 2
            self.tell(wish, 2, adjustment(ref, half, back=False), ref, -half)
            if wish.given_back:
                self.tell(wish, 2, adjustment(ref, half, back=True), ref, half)

    def tell(self, wish: Wish, which: int, one: GatewaySettlementLine, ref: str, owed_minor: int) -> None:
        times = wish.times[which]
        self.owed[ref] = self.owed.get(ref, 0) + (0 if times else owed_minor)
        its = self.lines.setdefault(wish.payout, [])
        if times and wish.late:
            self.late.append((wish.payout, one))
            its += [one] * (times - 1)
        else:
            its += [one] * times

    def read(self) -> None:
        """Each report is read, read again with what came late, and read a third time."""
        seen = {number: payout(*lines, id=makers.gateway_id("setl")) for number, lines in self.lines.items()}
        for number, lines in self.lines.items():
            book(seen[number], *lines)
        for number, one in self.late:
            self.lines[number].append(one)
        for _ in range(2):
            for number, lines in self.lines.items():
                book(seen[number], *lines)


class Books(TestCase):
    """Random captures, refunds and disputes; reports with lines missing, doubled and late."""

    @settings(max_examples=EXAMPLES)
    @given(WISHES)
    def test_what_was_settled_once_is_owed_no_more(self, wishes: list[Wish]) -> None:
        world = World()
        for wish in wishes:
            world.make(wish)
        world.read()

        assert sum(Posting.objects.values_list("amount_minor", flat=True)) == 0
        assert {ref: journal.balance("gateway_receivable", ref=ref) for ref in world.owed} == world.owed
        told = [one for lines in world.lines.values() for one in lines]
        assert journal.balance("settlement_transit") == sum(one.credit_minor - one.debit_minor for one in told)
        kept = Counter(SettlementLine.objects.values_list("entity_id", flat=True))
        assert kept == Counter(one.entity_id for one in told)
        once = {one.entity_id: one.credit_minor - one.debit_minor for one in told}
        again = sum(net * (kept[entity_id] - 1) for entity_id, net in once.items())
        assert journal.balance("suspense") == -again, "suspense holds what came a second time, and nothing else"

    @given(st.integers(-10**13 + 1, 10**13 - 1), st.booleans())
    def test_rupees_of_a_statement_are_the_paise_they_say(self, minor: int, grouped: bool) -> None:
        text = journal.rupees(minor)
        if grouped:
            whole, _, part = text.lstrip("-").partition(".")
            head, tail = whole[:-3], whole[-3:]
            pairs = [head[max(0, end - 2) : end] for end in range(len(head), 0, -2)][::-1]
            text = ("-" if minor < 0 else "") + ",".join([*pairs, tail]) + "." + part
        assert bank_statement.minor_of(text) == minor

