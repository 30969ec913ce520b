"""A shop's business days driven through the sandbox, with faults planted in them: what is planted is written down."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from orders.models import Case, Order
from orders.operations import cancel, cases, fulfil, process
from orders.reconciliation import actions, closing, runs
from payments import bank_statement, disputes, exchanges, operations, settlements
from payments.models import Payment, Refund
from shipping.models import Shipment
from tests.flows import makers
from timeline import relay
from timeline.log import seal
from timeline.operations import operation

if TYPE_CHECKING:
    from payments.sandbox.store import Letter
    from tests.makers import Caller
    from tests.ninety.counter import Counter

INDIA = ZoneInfo("Asia/Kolkata")
SKUS = {"TEA-1": 24_900, "SPC-1": 18_500, "OIL-1": 74_500, "STL-1": 249_900}
CARRIER, SHORT_MINOR = "own_fleet", 1_00
CLEARED_AFTER, DECIDED_AFTER, LATE_S = timedelta(days=8), timedelta(days=6), 2 * 86400
# Causes whose case is settled by an entry in the books; the others are explained in words.
MONEY_MOVES = ("cod_short", "bank_amount_differs")
PAID = {"paymentMethod": "razorpay"}
CASH = {"paymentMethod": "cod"}


@dataclass(frozen=True)
class Planted:
    """One fault: its cause as reconciliation words it, and what it is about."""

    cause: str
    ref: str
    day: date


@dataclass
class Tale:
    """One order in the generator's own books."""

    order: Order
    day: date
    cash: bool = False
    paid_as: str = ""
    is_spoilt: bool = False
    delivered_on: date | None = None
    remitted: bool = False


@dataclass
class Business:
    """The shop, day by day. `plan` says which fault each day gets, in turn."""

    counter: Counter
    clock: Any
    staff: Caller
    orders_per_day: int = 4
    seed: int = 7
    day: date = date(2026, 4, 1)
    faults_planted: bool = True
    residual_minor: int = 0
    planted: list[Planted] = field(default_factory=list)
    tales: list[Tale] = field(default_factory=list)
    later: list[tuple[date, Callable[[], None]]] = field(default_factory=list)
    script: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.chance = random.Random(self.seed)
        self.faults: list[Callable[[], None]] = [
            self.notices_missed, self.second_capture, self.notices_repeated, self.refund_in_dashboard, self.order_cut,
            self.late_refund, self.line_missing, self.refund_cut, self.fee_change, self.dispute, self.line_doubled,
            self.notices_disordered, self.paid_after_cancel, self.refund_refused, self.bank_short, self.bank_silent,
        ]

    # The day.

    def open_shop(self) -> None:
        for sku, price in SKUS.items():
            makers.product(sku, price_minor=price, units=1_000_000, gst_rate_bp=1800 if sku == "OIL-1" else 500)

    def live(self, number: int) -> None:
        """One business day, from the morning to the closing of the books."""
        self.at(9)
        for day, work in [due for due in self.later if due[0] <= self.day]:
            self.later.remove((day, work))
            work()
        self.read_bank()
        self.at(10)
        for place in range(self.orders_per_day):
            self.trade(place)
        if self.faults_planted:
            self.faults[number % len(self.faults)]()
        self.at(17)
        self.ship()
        self.deliver()
        self.refund_something()
        if self.day.weekday() == 4:
            self.remit(short=self.faults_planted and number % 2 == 0)
        self.at(20)
        self.background()
        self.counter.control("settle")
        self.counter.tell_all()
        self.background()
        if self.faults_planted and number % len(self.faults) in {14, 15}:
            self.bend_bank(self.faults[number % len(self.faults)] == self.bank_silent)
        self.at(23)
        self.background()

    def next_day(self) -> None:
        """The nights until the next business day, each with its comparison of the books; Saturdays and Sundays are none."""
        for _ in range(3 if self.day.weekday() == 4 else 1):
            self.day += timedelta(days=1)
            self.at(2)
            settlements.read_due()
            runs.nightly()
            self.close_yesterday()

    def close_yesterday(self) -> None:
        """Finance explains each case, with what the system offers where money must move, and closes the day."""
        for case in list(Case.objects.filter(status=Case.Status.OPEN)):
            with operation("case.settle", actor=makers.ASHA, stream=[cases.STREAM, case.story]) as op:
                if case.cause in MONEY_MOVES:
                    actions.act(op, case_id=case.pk)
                else:
                    cases.resolve(op, case_id=case.pk, resolution="expected")
        day = self.day - timedelta(days=1)
        if closing.first_open_day() is not None:
            with operation("day.close", actor=makers.ASHA, stream=closing.story_of(day)) as op:
                closed = closing.close_day(op, day=day)
            self.residual_minor += abs(closed.report["residual"])

    def at(self, hour: int, minute: int = 0) -> None:
        self.clock.move_to(datetime(self.day.year, self.day.month, self.day.day, hour, minute, tzinfo=INDIA).astimezone(UTC))

    def minutes(self, count: int) -> None:
        self.clock.shift(timedelta(minutes=count))

    def background(self) -> None:
        """What runs by the clock: the gateway's work, its webhooks, the relay, the janitors, the sealer."""
        seal.seal()
        self.counter.work()
        self.counter.tell_all()
        relay.drain()
        exchanges.resolve_doubts()
        exchanges.sweep_quiet()
        disputes.sweep()
        relay.drain()

    # Ordinary business.

    def trade(self, place: int) -> None:
        """One customer: pays online at once or at the second try, or at the door; some think better of it."""
        self.minutes(11)
        if place % 4 == 3:
            self.tales.append(Tale(self.placed(CASH), self.day, cash=True))
            return
        tale = self.tale()
        if place % 4 == 2:
            self.pay(tale, "failed")
            self.counter.tell_all()
            relay.drain()
            self.minutes(2)
        self.pay(tale)
        self.counter.tell_all()
        relay.drain()
        if place % 4 == 1 and self.chance.random() < 0.2:
            self.call_off(tale)

    def tale(self) -> Tale:
        """An order that waits for its payment."""
        tale = Tale(self.placed(PAID), self.day)
        self.tales.append(tale)
        return tale

    def placed(self, wish: dict[str, str]) -> Order:
        skus = {sku: self.chance.randint(1, 3) for sku in self.chance.sample(sorted(SKUS), self.chance.randint(1, 3))}
        return makers.placed_order(skus, **wish)

    def pay(self, tale: Tale, outcome: str = "captured") -> str:
        """What the customer does at the pay page; webhooks wait to be told."""
        gateway_order = makers.payment_of(tale.order).gateway_order_id
        method = self.chance.choice(("upi", "card", "netbanking"))
        done = self.counter.control(f"pay/{gateway_order}", {"outcome": outcome, "method": method})
        if outcome != "failed":
            tale.paid_as = done["razorpayPaymentId"]
        return str(done["razorpayPaymentId"])

    def paid_tale(self) -> Tale:
        """An order paid in the ordinary way."""
        self.minutes(7)
        tale = self.tale()
        self.pay(tale)
        self.counter.tell_all()
        relay.drain()
        return tale

    def call_off(self, tale: Tale) -> None:
        with operation("order.cancel", actor=makers.ASHA, stream=str(tale.order.pk)) as op:
            cancel.cancel(op, order_id=tale.order.pk, code="customer_request")
        tale.is_spoilt = True
        relay.drain()
        self.minutes(1)
        self.background()

    def ship(self) -> None:
        for tale in self.tales:
            if makers.fresh(tale.order).status == "confirmed":
                with operation("order.process", actor=makers.ASHA, stream=str(tale.order.pk)) as op:
                    process.start_processing(op, order_id=tale.order.pk)
                with operation("order.ship", actor=makers.ASHA, stream=str(tale.order.pk)) as op:
                    fulfil.ship_all(op, order_id=tale.order.pk)
                relay.drain()

    def deliver(self) -> None:
        """Parcels arrive on the next business day."""
        for tale in self.tales:
            if tale.delivered_on is None and tale.day < self.day and makers.fresh(tale.order).status == "shipped":
                with operation("order.deliver", actor=makers.ASHA, stream=str(tale.order.pk)) as op:
                    fulfil.deliver_all(op, order_id=tale.order.pk)
                tale.delivered_on = self.day
                relay.drain()

    def refund_something(self) -> None:
        """Somebody gets a part back, in the ordinary way, on the same day."""
        tale = self.delivered()
        if tale is not None:
            self.give_back(tale, self.chance.randint(100, 9_000))
            self.minutes(1)
            self.background()

    def give_back(self, tale: Tale, amount_minor: int) -> Refund:
        """Staff press refund."""
        tale.is_spoilt = True
        wish = {"amount": amount_minor, "reason": "Damaged on the way", "initiatePaymentRefund": True}
        answer = self.staff.post(f"/admin/orders/{tale.order.number}/refund", wish, key=True)
        assert answer.status_code == 201, answer.content
        relay.drain()
        return Refund.objects.filter(stream=str(tale.order.pk)).latest("created_at")

    def delivered(self) -> Tale | None:
        """An order paid online that has arrived and had no trouble yet."""
        found = [t for t in self.tales if t.delivered_on and t.delivered_on < self.day and not t.is_spoilt and not t.cash]
        return self.chance.choice(found) if found else None

    def remit(self, *, short: bool) -> None:
        """The carrier hands over the week's cash, on some Fridays a rupee too little."""
        due = [tale for tale in self.tales if tale.cash and tale.delivered_on and not tale.remitted]
        handed = []
        for place, tale in enumerate(due):
            payment = makers.payment_of(tale.order)
            awb = Shipment.objects.filter(stream=str(tale.order.pk)).latest("created_at").tracking_number
            missing = SHORT_MINOR if short and place == 0 else 0
            if missing:
                self.plant("cod_short", awb)
            handed.append(operations.Handed(awb, payment.captured_minor - missing, payment.pk))
            tale.remitted = True
        if handed:
            with operation("remittance.book", actor=makers.ASHA) as op:
                booked = operations.book_remittance(
                    op, carrier=CARRIER, reference=f"REM-{self.day:%Y%m%d}", utr=f"CASH{self.day:%Y%m%d}", day=self.day,
                    handed=handed,
                )
            text = f"Date,Narration,Credit\n{self.day:%d/%m/%Y},CASH{self.day:%Y%m%d},{booked.amount_minor / 100:.2f}\n"
            bank_statement.take(text, actor=makers.ASHA)

    def read_bank(self, since: date | None = None) -> None:
        """The bank's statement since yesterday's, as finance imports it each morning."""
        settlements.read_due()
        start = since or self.day - timedelta(days=3 if self.day.weekday() == 0 else 1)
        midnight = int(datetime(start.year, start.month, start.day, tzinfo=INDIA).timestamp())
        text = self.counter.control("bank-statement", method="GET", **{"from": midnight})
        if len(text.splitlines()) > 1:
            bank_statement.take(text, actor=makers.ASHA)

    # Faults, each planted with what it is about.

    def plant(self, cause: str, ref: str) -> None:
        self.planted.append(Planted(cause, ref, self.day))

    def bend(self, **parts: Any) -> None:
        """Script the gateway; parts that are not named stay as they are."""
        self.script |= parts
        self.counter.script(**parts)

    def notices_missed(self) -> None:
        """Every webhook of a payment is lost; the sweep finds the money."""
        self.bend(webhooks={"drop": ["payment.authorized", "payment.captured", "order.paid"]})
        tale = self.tale()
        self.pay(tale)
        self.bend(webhooks={})
        self.minutes(6)
        self.background()
        self.plant("notice_missed", tale.paid_as)

    def notices_repeated(self) -> None:
        tale = self.tale()
        self.pay(tale)
        self.counter.tell_all(lambda letters: [letter for letter in letters for _ in range(3)])
        self.plant("notice_repeated", tale.paid_as)

    def notices_disordered(self) -> None:
        """The capture is told before the authorisation."""
        tale = self.tale()
        self.pay(tale, "authorized")
        first = self.counter.letters()
        self.minutes(6)
        exchanges.sweep_quiet()
        relay.drain()
        second: list[Letter] = self.counter.letters()
        self.counter.tell([*second, *first])
        self.background()
        self.plant("notice_disordered", tale.paid_as)

    def second_capture(self) -> None:
        """The order is paid once more: taken in, and sent back at once."""
        tale = self.paid_tale()
        self.counter.control(f"double-pay/{makers.payment_of(tale.order).gateway_order_id}")
        first = tale.paid_as
        self.plant("duplicate_capture", self.pay(tale))
        tale.paid_as, tale.is_spoilt = first, True
        self.background()
        self.minutes(1)
        self.background()

    def paid_after_cancel(self) -> None:
        tale = self.tale()
        self.call_off(tale)
        self.plant("captured_after_cancel", self.pay(tale))
        self.background()
        self.minutes(1)
        self.background()

    def order_cut(self) -> None:
        """The reply to the making of the gateway's order is cut; asking tells that it is there."""
        self.bend(next=[{"match": "POST /orders", "fault": "cut", "after_effect": True}])
        tale = self.tale()
        exchanges.resolve_doubts()
        relay.drain()
        self.plant("answer_cut", str(tale.order.pk))
        self.pay(tale)
        self.background()

    def refund_cut(self) -> None:
        tale = self.delivered() or self.paid_tale()
        self.bend(next=[{"match": "POST /refund", "fault": "cut", "after_effect": True}])
        refund = self.give_back(tale, 1_500)
        self.plant("answer_cut", refund.stream)
        self.minutes(1)
        self.background()

    def late_refund(self) -> None:
        """The gateway takes two days over a refund."""
        tale = self.delivered() or self.paid_tale()
        self.bend(refunds={"outcome": "processed", "after_s": LATE_S})
        refund = self.give_back(tale, 2_500)
        self.bend(refunds={})
        self.plant("refund_late", refund.pk.hex)

    def refund_refused(self) -> None:
        """The gateway fails a refund; staff ask again the next day."""
        tale = self.delivered() or self.paid_tale()
        self.bend(refunds={"outcome": "failed"})
        refund = self.give_back(tale, 3_500)
        self.bend(refunds={})
        self.minutes(1)
        self.background()
        self.plant("refund_failed", refund.pk.hex)

        def ask_again() -> None:
            with operation("refund.retry", actor=makers.ASHA, stream=refund.stream) as op:
                operations.retry_refund(op, refund_id=refund.pk)
            relay.drain()
            self.minutes(1)
            self.background()

        self.later.append((self.day + timedelta(days=1), ask_again))

    def refund_in_dashboard(self) -> None:
        """Somebody refunds at the gateway itself; it is taken in, not repeated."""
        tale = self.delivered() or self.paid_tale()
        tale.is_spoilt = True
        made = self.counter.control(f"refund-from-dashboard/{tale.paid_as}", {"amount": 4_500})
        self.minutes(1)
        self.background()
        self.plant("refund_at_gateway", Refund.objects.get(gateway_refund_id=made["id"]).pk.hex)

    def fee_change(self) -> None:
        """For one customer the gateway takes half a percent more."""
        self.counter.control("fee", {"bp": 250})
        tale = self.paid_tale()
        self.counter.control("fee", {"bp": 200})
        self.plant("fee_changed", tale.paid_as)

    def dispute(self) -> None:
        """The customer's bank asks the money back; six days later it is decided."""
        tale = self.delivered() or self.paid_tale()
        tale.is_spoilt = True
        deduct = self.chance.choice(("open", "lost"))
        amount = Payment.objects.get(gateway_payment_id=tale.paid_as).captured_minor // 2
        made = self.counter.control(f"dispute/{tale.paid_as}", {"amount": amount, "deduct": deduct})
        self.plant("dispute_open", made["id"])
        self.background()
        verdict = self.chance.choice(("won", "lost"))

        def decide() -> None:
            self.counter.control(f"dispute/{made['id']}/status", {"status": verdict})
            if verdict == "lost":
                self.plant("dispute_lost", made["id"])
            self.background()

        self.later.append((self.day + DECIDED_AFTER, decide))

    def line_missing(self) -> None:
        """A payment is not paid out for days."""
        tale = self.paid_tale()
        self.bend(recon={"omit": [tale.paid_as]})
        self.plant("settlement_line_missing", tale.paid_as)
        self.later.append((self.day + CLEARED_AFTER, lambda: self.bend(recon={})))

    def line_doubled(self) -> None:
        tale = self.paid_tale()
        self.bend(recon={**self.script.get("recon", {}), "double": [tale.paid_as]})
        self.plant("settlement_line_doubled", tale.paid_as)
        self.later.append((self.day + timedelta(days=1), lambda: self.bend(recon={})))

    def bank_short(self) -> None:
        """Bent after the payout: see `bend_bank`."""

    def bank_silent(self) -> None:
        """Bent after the payout: see `bend_bank`."""

    def bend_bank(self, silent: bool) -> None:
        """Today's payout reaches the bank five rupees short, or only days later."""
        settlement = self.counter.entities("settlement")[0]["id"]
        if not silent:
            self.bend(bank={"short": {settlement: 500}})
            self.plant("bank_amount_differs", settlement)
            self.later.append((self.day + timedelta(days=7), lambda: self.bend(bank={})))
            return
        self.bend(bank={"omit": [settlement]})
        self.plant("bank_line_missing", settlement)
        day = self.day

        def arrives() -> None:
            self.bend(bank={})
            self.read_bank(since=day)

        self.later.append((self.day + timedelta(days=8), arrives))
