"""What the system offers to do about a case: each verb once, some by talking to the gateway first, most in one operation.

Note [Talk, then write]
    `talk` runs with no transaction open and may ask the gateway; `within` runs inside the operation of the one who acts. A
    case is resolved by its adjustment at once; every other verb leaves it to the next run to see that the difference is gone.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.conf import settings

from orders.models import Case, Order
from orders.operations import cases, confirm, fulfil, pay, refund
from orders.reconciliation.causes import CAUSES
from payments import exchanges, journal
from payments import operations as money
from payments import settlements as payouts
from payments.gateways.base import GatewayError
from payments.models import BY_HAND, Payment
from timeline import relay
from timeline.errors import Busy, Refused

if TYPE_CHECKING:
    from timeline.operations import Operation

WRITTEN_OFF = "written_off"
_BACK = {"money_of_cancelled": "order_cancelled", "overpaid": "overpaid"}


class NoAction(Refused):
    """The system has nothing to offer for this case; resolve it with a reason once it is explained."""


class GatewayUnanswered(Busy):
    """The gateway did not answer; try again in a minute."""


@dataclass(frozen=True, slots=True)
class Verb:
    """One thing that can be done: the word on its button, and how. Note [Talk, then write]."""

    word: str
    within: Callable[[Operation, Case], Any]
    talk: Callable[[Case], Any]
    said: str


def verb_of(case: Case) -> Verb | None:
    """What is offered for a case; None when nothing is, or the case is resolved."""
    if case.status != Case.Status.OPEN:
        return None
    return VERBS.get(CAUSES[case.cause].action)


def talk(case: Case) -> None:
    """Ask outside what must be asked before the operation. Raises NoAction, GatewayUnanswered."""
    verb = verb_of(case)
    if verb is None:
        raise NoAction
    try:
        verb.talk(case)
    except GatewayError as error:
        raise GatewayUnanswered from error


def act(op: Operation, *, case_id: UUID) -> Case:
    """Do what is offered for a case, as the one who acts. Raises NoAction and what the verb's own operation raises."""
    case = Case.objects.get(pk=case_id)
    verb = verb_of(case)
    if verb is None:
        raise NoAction
    verb.within(op, case)
    return Case.objects.get(pk=case_id)


def streams_of(case: Case) -> list[str]:
    """The stories an action writes into: the case's, and that of what it is about."""
    return sorted({case.story, case.stream} - {""})


def _nothing(*_: Any) -> None:
    """Nothing to do on this side."""


def _ask_about(case: Case) -> None:
    exchanges.ask_about(case.stream)


def _read_settlements(_: Case) -> None:
    payouts.read_due()


def _retry_refund(op: Operation, case: Case) -> None:
    refund_id = UUID(case.ours["refund"])
    if case.order_id:
        refund.retry(op, order_id=case.order_id, refund_id=refund_id)
    else:
        money.retry_refund(op, refund_id=refund_id)


def _refund_rest(op: Operation, case: Case) -> None:
    """Send back what is left: of a cancelled order all of it, of an overpaid one what is too much."""
    left = abs(case.amount_minor)
    for payment in Payment.objects.filter(stream=case.stream, captured_minor__gt=0).exclude(gateway__in=BY_HAND).order_by("-created_at"):
        part = min(left, payment.refundable_minor)
        if part > 0:
            money.ask_refund(op, payment_id=payment.pk, amount_minor=part, reason_code=_BACK[case.cause])
            left -= part
    if left:
        raise Refused("Not all of it can go back through the gateway; give it back by other means from the order's page.")
    _follow_money(op, case)


def _follow_money(op: Operation, case: Case) -> None:
    order = _order(case)
    if order is not None:
        pay.follow(op, order_id=order.pk)


def _follow_parcels(op: Operation, case: Case) -> None:
    order = _order(case)
    if order is not None:
        fulfil.settle(op, order_id=order.pk)


def _confirm(op: Operation, case: Case) -> None:
    order = _order(case)
    if order is not None:
        confirm.confirm(op, order_id=order.pk)


def _retry_delivery(op: Operation, case: Case) -> None:
    relay.retry(op, delivery_id=int(case.root.partition(":")[2]))


def _book(debit: str, credit: str) -> Callable[[Operation, Case], None]:
    def book(op: Operation, case: Case) -> None:
        """Book the difference from one account to another, and the case is explained by that."""
        cases.adjust(
            op, case_id=case.pk, debit=debit, credit=credit, amount_minor=-case.amount_minor,
            limit_minor=settings.ADJUSTMENT_MINOR_MAX,
        )
        cases.resolve(op, case_id=case.pk, resolution=WRITTEN_OFF)

    return book


def _order(case: Case) -> Order | None:
    return Order.objects.filter(pk=case.order_id).only("pk").first() if case.order_id else None


_ASKED = "Asked. The next reconciliation sees whether the difference is gone."
_DONE = "Done. The next reconciliation sees whether the difference is gone."
_BOOKED = "Booked, and the case is resolved by it."
VERBS: dict[str, Verb] = {
    "ask_gateway": Verb("Ask the gateway again", _nothing, _ask_about, _ASKED),
    "read_settlements": Verb("Read the settlements again", _nothing, _read_settlements, _ASKED),
    "retry_refund": Verb("Retry the refund", _retry_refund, _nothing, _DONE),
    "refund_rest": Verb("Send the money back", _refund_rest, _nothing, _DONE),
    "follow_money": Verb("Follow the payments", _follow_money, _nothing, _DONE),
    "follow_parcels": Verb("Follow the parcels", _follow_parcels, _nothing, _DONE),
    "confirm_order": Verb("Confirm the order", _confirm, _nothing, _DONE),
    "retry_delivery": Verb("Try again", _retry_delivery, _nothing, _DONE),
    "book_goodwill": Verb("Book as goodwill", _book(journal.GOODWILL, journal.CUSTOMERS), _nothing, _BOOKED),
    "book_cod_short": Verb("Book as a loss", _book(journal.COD_SHORT, journal.COD_RECEIVABLE), _nothing, _BOOKED),
    "book_bank_difference": Verb("Book as rounding", _book(journal.ROUNDING, journal.SETTLEMENT_TRANSIT), _nothing, _BOOKED),
}
