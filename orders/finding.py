"""From the search language to conditions on orders (B35 to B40, docs/search.md).

Note [A word of any kind]
    A bare word may be a number, a customer, a SKU, a tracking number or an id of the gateway. Asked in one condition, the
    database can use the index of none. So one statement first asks of which kinds there is anything at all, each by its
    index, and the search is made of those: nearly always one.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import reduce
from operator import or_
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

from django.db.models import Exists, OuterRef, Q
from django.utils import timezone

from orders import grammar
from orders.models import (
    OPEN_STATUSES,
    Document,
    Fulfilment,
    Line,
    Order,
    OrderAssignment,
    OrderPayment,
    OrderTag,
    Person,
    PersonToken,
    Return,
)
from orders.operations import people
from orders.queries import ORDER_NUMBER, UUID_TEXT
from payments.models import Dispute, Refund
from shipping.states import state_of
from timeline import vault
from timeline.models import Event, SubjectKey

if TYPE_CHECKING:
    from collections.abc import Iterable

    from django.db.models import QuerySet

    from orders.grammar import Span, Term
    from orders.operations.people import Token

S = Order.Status
ME, NOBODY = "me", "nobody"
WORDS_MAX = 6
_NUMBER_PART = re.compile(r"[A-Z0-9-]{2,24}", re.ASCII)
_GATEWAY_ID = re.compile(r"[A-Za-z]{2,6}_[A-Za-z0-9]{6,40}", re.ASCII)
AWB_PART_CHARS_MIN = 4
# How long an order may stay in a state before it is late; amber from four fifths on.
LATE_AFTER: Final = {
    S.PENDING: dt.timedelta(hours=1), S.CONFIRMED: dt.timedelta(hours=24), S.PROCESSING: dt.timedelta(hours=24),
    S.SHIPPED: dt.timedelta(days=5),
}
_TIMES = {
    "placed": "created_at", "confirmed": "confirmed_at", "shipped": "shipped_at", "delivered": "delivered_at",
    "cancelled": "cancelled_at",
}


def parse(text: str, *, now: dt.datetime | None = None) -> tuple[Term, ...]:
    """The terms of what was typed, at this moment (or that) in the shop's time zone. Raises NotUnderstood."""
    return grammar.parse(text, now=timezone.localtime(now, timezone.get_default_timezone()))


def names_nobody(terms: Iterable[Term], *, keeps_me: bool = False) -> None:
    """Of a search that is kept in the clear. Raises NotUnderstood for a term that may name a person.

    `assignee:me` is let by only where it `keeps_me`: where it is said by name for each who reads it.
    """
    for term in terms:
        if not term.key:
            raise grammar.NotUnderstood("A search that is kept stands in the book, so words need a key", at=term.start, hint="Such as number:, sku: or awb:.")
        if not keeps_me and says_me(term):
            raise grammar.NotUnderstood("A search that is kept is read by others, too", at=term.start, hint="Take a user name.")
        if term.key in {"name", "email", "phone"} or (term.key == "customer" and not all(map(is_id, term.values))):
            raise grammar.NotUnderstood("A search that is kept stands in the book and names nobody", at=term.start, hint="Take customer: and an id.")


def statuses_of(terms: Iterable[Term]) -> tuple[str, ...]:
    """Statuses of which an order must have one, where a term names several; none elsewhere."""
    return next((term.values for term in terms if term.key == "status" and not term.is_not and len(term.values) > 1), ())


def says_me(term: Term) -> bool:
    """Whether what it finds depends on who asks."""
    return term.key == "assignee" and any(value.lower() == ME for value in term.values)


def spoken_by(text: str, name: str | None) -> str:
    """The search with `assignee:me` said as the user name of who asks; none is a program. Raises NotUnderstood."""
    for term in reversed(parse(text)):
        if says_me(term):
            if name is None:
                raise grammar.NotUnderstood("assignee:me needs somebody who is signed in", at=term.start, hint="Take a user name.")
            names = ",".join(f'"{name}"' if value.lower() == ME else f'"{value}"' for value in term.values)
            text = f"{text[: term.start]}{'-' if term.is_not else ''}assignee:{names}{text[term.end :]}"
    return text


def is_id(text: str) -> bool:
    """Whether this is an id of an order or a customer."""
    return UUID_TEXT.fullmatch(text) is not None


def asks_the_clock(text: str) -> bool:
    """Whether what fits may change though nothing is written: ages, and what is late. `text` is understood."""
    return any(
        grammar.KEYS[term.key].kind == "time" or (term.key == "is" and "stuck" in term.values) for term in parse(text) if term.key
    )


def matching(terms: Iterable[Term], *, now: dt.datetime | None = None) -> Q:
    """The orders for which every term holds. One statement for each bare word; none without (Note [A word of any kind]).

    Terms that name people are asked together, for two common names may be one rare person.
    """
    moment = now or timezone.now()
    wanted = Q()
    people_named: list[Sequence[Token]] = []
    for term in terms:
        found = [_condition(term, place, moment) for place in range(len(term.values))]
        if len(found) == 1 and isinstance(found[0], _Named) and not term.is_not:
            people_named += found[0].groups
            continue
        one = _any(each.orders() if isinstance(each, _Named) else each for each in found)
        wanted &= ~one if term.is_not else one
    return wanted & of_persons(people_named)


def number_like(text: str) -> Q:
    """An order number, whole or part."""
    word = text.upper()
    return Q(number=word) if ORDER_NUMBER.fullmatch(word) else Q(number__contains=word)


def of_persons(groups: Sequence[Sequence[Token]]) -> Q:
    """The orders of those who have one token of each group: who they are first, however many have a common name."""
    if not groups:
        return Q()
    first, *rest = (_persons(group) for group in groups)
    return Q(person_id__in=first.intersection(*rest) if rest else first)


def words_of(text: str) -> list[list[Token]]:
    """The groups of blind tokens for what somebody typed: an address or a phone as a whole, a name word by word."""
    if "@" in text or not any(letter.isalpha() for letter in text):
        return [people.tokens_for_search(text)]
    return [people.tokens_for_search(word) for word in text.split()[:WORDS_MAX]]


def spanned(term: Term, value: Any) -> bool:
    """Whether a value lies in one of the term's spans: for what is not in the database as it is asked for."""
    return value is not None and any(
        (span.low is None or value >= span.low) and (span.high is None or value < span.high) for span in term.spans
    )


@dataclass(frozen=True, slots=True)
class _Named:
    """A condition on who ordered: a token of each group."""

    groups: Sequence[Sequence[Token]]

    def orders(self) -> Q:
        return of_persons(self.groups)


def _condition(term: Term, place: int, now: dt.datetime) -> Q | _Named:
    value = term.values[place]
    if not term.key:
        return _anything(value)
    if term.spans:
        return _within(term, term.spans[place])
    return _CONDITIONS[term.key](value, now)


def _within(term: Term, span: Span) -> Q:
    column = {"total": "total_minor", "items": "item_count", "score": "risk__score", **_TIMES}[term.key]
    wanted = Q(**{f"{column}__isnull": False}) if term.key in _TIMES and term.key != "placed" else Q()
    if span.low is not None:
        wanted &= Q(**{f"{column}__gte": span.low})
    return wanted & Q(**{f"{column}__lt": span.high}) if span.high is not None else wanted


def _anything(text: str) -> Q | _Named:
    """Note [A word of any kind]. Nothing at all where no kind has it."""
    if UUID_TEXT.fullmatch(text):
        return Q(pk=UUID(text)) | _of_id(text)
    kinds = _kinds(text)
    asked: dict[str, Any] = {f"k{place}": Exists(probe) for place, (probe, _) in enumerate(kinds)}
    # Any row that is always there will do; the house's key is.
    row = SubjectKey.objects.filter(pk=vault.HOUSE).annotate(**asked).values(*asked).get()
    found = [wanted for place, (_, wanted) in enumerate(kinds) if row[f"k{place}"]]
    if len(found) == 1:
        return found[0]
    return Q(pk__in=_together(one.orders() if isinstance(one, _Named) else one for one in found)) if found else _nothing()


def _kinds(text: str) -> list[tuple[QuerySet[Any, Any], Q | _Named]]:
    """Of what kinds the word may be: whether there is one, and its orders."""
    word = text.upper()
    lines, parcels, links = Line.objects.filter(sku=word), _parcels(text), _payments(text)
    groups = words_of(text)
    kinds: list[tuple[QuerySet[Any, Any], Q | _Named]] = [(lines, Q(pk__in=lines.values("order_id")))]
    if _NUMBER_PART.fullmatch(word):
        kinds.append((Order.objects.filter(number_like(text)), number_like(text)))
    if len(text) >= AWB_PART_CHARS_MIN:
        kinds.append((parcels, Q(pk__in=parcels.values("order_id"))))
    if _GATEWAY_ID.fullmatch(text):
        kinds.append((links, Q(pk__in=links.values("order_id"))))
    if groups and all(groups):
        kinds.append((_persons(groups[0]), _Named(groups)))
    return kinds


def _parcels(text: str) -> QuerySet[Any, Any]:
    """By tracking number, whole or part, whatever its case."""
    return Fulfilment.objects.filter(shipment__tracking_number__icontains=text)


def _payments(text: str) -> QuerySet[Any, Any]:
    """By an id of the gateway: of its order, its payment or its refund."""
    wanted = Q(payment__gateway_payment_id=text) | Q(payment__gateway_order_id=text)
    refunds = Refund.objects.filter(gateway_refund_id=text).values("payment_id")
    return OrderPayment.objects.filter(wanted | Q(payment_id__in=refunds))


def _persons(group: Sequence[Token]) -> QuerySet[Any, Any]:
    """Each kind by itself, so that the index alone answers."""
    if not group:
        return PersonToken.objects.filter(_nothing()).values("person_id")
    first, *rest = (PersonToken.objects.filter(kind=kind, token=token).values("person_id") for kind, token in group)
    return first.union(*rest) if rest else first


def _together(wanted: Iterable[Q]) -> QuerySet[Any, Any]:
    first, *rest = (Order.objects.filter(one).order_by().values("pk") for one in wanted)
    return first.union(*rest, all=True)


def _any(wanted: Iterable[Q]) -> Q:
    return reduce(or_, wanted, Q())


def _nothing() -> Q:
    return Q(pk__in=())


def _customer(text: str, _: dt.datetime) -> Q | _Named:
    return _of_id(text) if UUID_TEXT.fullmatch(text) else _Named(words_of(text))


def _of_id(text: str) -> Q:
    """The orders of a person, and those they placed as a guest."""
    return Q(person__in=Person.objects.filter(Q(pk=UUID(text)) | Q(owner=UUID(text))))


def _name(text: str, _: dt.datetime) -> _Named:
    return _Named([people.name_tokens(word) for word in text.split()[:WORDS_MAX]] or [[]])


def _email(text: str, _: dt.datetime) -> _Named:
    return _Named([people.email_tokens(text)])


def _phone(text: str, _: dt.datetime) -> _Named:
    return _Named([people.phone_tokens(text)])


def _city(text: str, _: dt.datetime) -> Q:
    return Q(city_token__in=people.city_tokens(text))


def _pin(text: str, _: dt.datetime) -> Q:
    return Q(pin_token=people.place_token("pin", text))


def _state(text: str, _: dt.datetime) -> Q:
    word, known = text.upper(), state_of(text)
    return Q(destination_state__in=(word, f"IN-{word}", *([known.code] if known else [])))


def _sku(text: str, _: dt.datetime) -> Q:
    word = text.upper()
    wanted = Q(sku__startswith=word[:-1]) if word.endswith("*") else Q(sku=word)
    return Q(pk__in=Line.objects.filter(wanted).values("order_id"))


def _awb(text: str, _: dt.datetime) -> Q:
    return Q(pk__in=_parcels(text).values("order_id"))


def _warehouse(text: str, _: dt.datetime) -> Q:
    return Q(pk__in=Fulfilment.objects.filter(warehouse_code=text.upper()).values("order_id"))


def _carrier(text: str, _: dt.datetime) -> Q:
    return Q(pk__in=Fulfilment.objects.filter(shipment__carrier__iexact=text).values("order_id"))


def _tag(text: str, _: dt.datetime) -> Q:
    return Q(pk__in=OrderTag.objects.filter(tag="-".join(text.lower().split())).values("order_id"))


def _assignee(text: str, _: dt.datetime) -> Q:
    if text.lower() == NOBODY:
        return ~Q(Exists(OrderAssignment.objects.filter(order=OuterRef("pk"))))
    return Q(pk__in=OrderAssignment.objects.filter(assignee__iexact=text).values("order_id"))


def _pay(word: str, _: dt.datetime) -> Q:
    if word in Order.PaymentState.values:
        return Q(payment_state=word)
    paid = OrderPayment.objects.filter(payment__method=word)
    return Q(payment_method=word) | Q(pk__in=paid.values("order_id"))


def refund_requests() -> QuerySet[OrderPayment, UUID]:
    """The orders of refunds that somebody asked for and nobody has granted or declined yet; each once."""
    waiting = Refund.objects.filter(status=Refund.Status.REQUESTED).values("payment")
    return OrderPayment.objects.filter(payment__in=waiting).values_list("order", flat=True).distinct()


def _has(word: str, _: dt.datetime) -> Q:
    here = OuterRef("pk")
    return {
        "discount": lambda: Q(discount_minor__gt=0),
        "dispute": lambda: Q(Exists(Dispute.objects.filter(stream=OuterRef("stream_id")))),
        "hold": lambda: Q(on_hold=True),
        "invoice": lambda: Q(Exists(Document.objects.filter(order=here))),
        "note": lambda: Q(Exists(Event.objects.filter(stream=OuterRef("stream_id"), kind="note.added"))),
        "parcel": lambda: Q(Exists(Fulfilment.objects.filter(order=here, shipment__isnull=False))),
        "refund": lambda: Q(Exists(OrderPayment.objects.filter(order=here, payment__refunds__isnull=False))),
        "refund_request": lambda: Q(pk__in=refund_requests()),
        "return": lambda: Q(Exists(Return.objects.filter(order=here))),
    }[word]()


def _is(word: str, now: dt.datetime) -> Q:
    return {
        "cod": Q(payment_method="cod"),
        "edited": Q(revision__gt=0),
        "ended": Q(status__in=(S.CANCELLED, S.REFUNDED)),
        "guest": Q(person__kind="guest"),
        "held": Q(on_hold=True),
        "open": Q(status__in=OPEN_STATUSES),
        "paid": Q(payment_state=Order.PaymentState.PAID),
        "stuck": _any(Q(status=status, state_since__lt=now - limit) for status, limit in LATE_AFTER.items()),
    }[word]


_CONDITIONS: Final[dict[str, Callable[[str, dt.datetime], Q | _Named]]] = {
    "status": lambda word, _: Q(status=word),
    "pay": _pay,
    "ship": lambda word, _: Q(fulfilment_state=word),
    "number": lambda text, _: number_like(text),
    "customer": _customer,
    "name": _name,
    "email": _email,
    "phone": _phone,
    "city": _city,
    "pin": _pin,
    "state": _state,
    "sku": _sku,
    "awb": _awb,
    "channel": lambda text, _: Q(channel__iexact=text),
    "warehouse": _warehouse,
    "carrier": _carrier,
    "risk": lambda word, _: Q(risk__verdict={"high": "hold", "low": "pass"}.get(word, word)),
    "code": lambda text, _: Q(discount_code=text.upper()),
    "tag": _tag,
    "assignee": _assignee,
    "has": _has,
    "is": _is,
}
