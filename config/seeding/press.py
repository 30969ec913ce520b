"""Copies of an order that was lived: all its rows, with keys, people, places and times of their own.

Note [Copies through the door]
    A copy is written as the order itself was: the event first, then the step of the row it speaks of, in one transaction a
    batch, with the database's guard on. So a state that no event tells, or a step no machine knows, is refused here as anywhere.
    Every event has its own canonical bytes and leaf hash, what is personal is sealed under the copy's own person, entries carry
    the sums that were booked, and the levels of the stock follow the movements.
"""

from __future__ import annotations

import hashlib
import random
import re
from collections import Counter
from datetime import UTC, date, datetime, timedelta
from operator import itemgetter
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

from django.apps import apps
from django.db import models
from django.db.models import F
from django.utils.timezone import localdate

from config.seeding import patterns, rows
from inventory.models import Level, Movement
from orders.models import Address, Checkout, Order, Person, PersonToken
from orders.operations import people
from payments.models import Payment, Posting
from shipping.awb import own_number
from shipping.models import Scan, Shipment
from timeline import ids, vault
from timeline.generations import Generation
from timeline.models import Delivery, Event, Receipt, Stream, SubjectKey
from timeline.states import StateModel

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from config.seeding.crowd import Face
    from config.seeding.patterns import Pattern

OWN: Final = ("orders", "payments", "shipping", "inventory", "timeline")
SHARED: Final = (Person, PersonToken, SubjectKey, Delivery, Stream, Generation, Level, Receipt)
# What each deed takes to come, at least and at most, in minutes.
WAITS: Final = {
    "checkout.change": (1, 5), "checkout.complete": (1, 10), "payment.capture": (1, 3), "order.start_processing": (60, 600),
    "order.ship_all": (60, 1200), "order.deliver_all": (1440, 4320), "order.cancel": (5, 50),
}
WAITS_MINUTES_MAX: Final = sum(most for _, most in WAITS.values())
CANONICAL: Final = "%Y-%m-%dT%H:%M:%S.%fZ"
PLAIN: Final = "%Y-%m-%d %H:%M:%S.%f"
# By which moment of its row a day is counted.
_DAY_OF: Final = {"promised_on": "labelled_at", "day": "at"}

# Amounts that a constraint ties to a state: nothing at first, and what they are with the step to it.
_WITH_STEP: Final[dict[tuple[type[models.Model], str], tuple[str, ...]]] = {
    (Payment, ""): ("captured_minor",), (Payment, Payment.Status.CAPTURED): ("captured_minor",),
}

Values = list[Any]


class Copy:
    """One copy to be: when its order was placed (nearly), its number, and whose it is."""

    __slots__ = ("at", "face", "number")

    def __init__(self, at: datetime, number: str, face: Face) -> None:
        self.at, self.number, self.face = at, number, face


class Press:
    """The stencil of one pattern. Making it reads some hundred rows, printing with it none."""

    def __init__(self, pattern: Pattern) -> None:
        self.pattern = pattern
        self.order = pattern.order
        self.checkout = Checkout.objects.select_related("person__key").get(order_id=self.order.pk)
        self.person = self.checkout.person
        self.streams = (str(self.checkout.pk), str(self.order.pk))
        self.found: dict[type[models.Model], dict[Any, dict[str, Any]]] = {}
        self._gather()
        self.events = sorted(self.found.pop(Event).values(), key=lambda row: row["id"])
        if any(row["sealed"] is not None for row in self.events):
            message = f"{self.order.number}: an event that is sealed cannot be copied"
            raise ValueError(message)
        self.deeds = list(dict.fromkeys((row["recorded_at"], row["operation"]) for row in self.events))
        self.makers: list[Callable[[Copy, list[datetime], Values], Any]] = []
        self.words: dict[str, int] = {}
        self.times: dict[datetime, int] = {}
        self._name_words()
        self._known = re.compile("|".join(re.escape(word) for word in sorted(self.words, key=len, reverse=True)))
        self.sheets = {model: [self._sheet(model, row) for row in these.values()] for model, these in self.found.items()}
        self.pages = [(row, self._text(bytes(row["canonical"]).decode()), self._sheet(Event, row)) for row in self.events]
        self.lengths = Counter(row["stream"] for row in self.events)

    def print(self, copies: Sequence[Copy], chance: random.Random) -> int:
        """Write the copies; returns how many events that were. In the caller's transaction (Note [Copies through the door])."""
        values = [self._values(copy, chance) for copy in copies]
        numbers = rows.event_ids(len(self.events) * len(copies))
        for place, one in enumerate(values):
            one[0] = dict(zip((row["id"] for row in self.events), numbers[place :: len(copies)], strict=True))
        for stream in self.streams:
            word, last = self.words[stream], max(row["recorded_at"] for row in self.events if row["stream"] == stream)
            when = self.times[last]
            rows.insert(Stream, ("stream", "seq", "at"), [(one[word], self.lengths[stream], one[when]) for one in values])
        born: set[tuple[str, str]] = set()
        for row, canonical, sheet in self.pages:
            self._write_event(canonical, sheet, values)
            self._step(row, values, born)
        # Postings stand before their entry, which the database adds up as it comes.
        for model, sheets in sorted(self.sheets.items(), key=lambda pair: pair[0] is not Posting):
            for sheet in sheets:
                if (model._meta.label_lower, sheet[0]) not in born:
                    rows.insert(model, sheet[1], ([fill(one) for fill in sheet[2]] for one in values))
        self._level(len(copies))
        return len(self.events) * len(copies)

    def _gather(self) -> None:
        """The rows of both stories, and whatever hangs on them."""
        own = [model for model in apps.get_models() if model._meta.app_label in OWN and model not in SHARED]
        self._keep(Order, Order.objects.filter(pk=self.order.pk))
        self._keep(Checkout, Checkout.objects.filter(pk=self.checkout.pk))
        self._keep(Address, Address.objects.filter(person=self.person))
        for model in own:
            if any(field.name == "stream" and isinstance(field, models.CharField) for field in model._meta.concrete_fields):
                self._keep(model, model._base_manager.filter(stream__in=self.streams))
        for _ in range(3):
            for model in own:
                for column in model._meta.concrete_fields:
                    owners = self.found.get(column.related_model) if isinstance(column, models.ForeignKey) else None
                    if owners:
                        self._keep(model, model._base_manager.filter(**{f"{column.name}__in": list(owners)}))

    def _keep(self, model: type[models.Model], found: Any) -> None:
        fresh = [row for row in found.values() if row[model._meta.pk.attname] not in self.found.get(model, {})]
        if fresh:
            self.found.setdefault(model, {}).update({row[model._meta.pk.attname]: row for row in fresh})

    def _name_words(self) -> None:
        """What is its own in every copy: keys in both their forms, numbers, ids of others, moments."""
        self._add(lambda *_: None)  # place 0: the ids of the copy's events by those of the pattern's
        uuids = {pk for these in self.found.values() for pk in these if isinstance(pk, UUID)}
        uuids |= {row["operation_id"] for row in self.events}
        for pk in sorted(uuids, key=str):
            self._add_id(pk, lambda _, times, __: ids.uuid7(times[0]))
        self._add_id(self.person.pk, lambda copy, *_: copy.face.person_id)
        self._add_id(self.person.key_id, lambda copy, *_: copy.face.key.pk)
        self.words[self.order.number] = self._add(lambda copy, *_: copy.number)
        for payment in self.found.get(Payment, {}):
            ours, theirs = f"order_{self.order.pk.hex[-14:]}", f"pay_{payment.hex[-14:]}"
            order_at, pay_at = self.words[self.order.pk.hex], self.words[payment.hex]
            self.words[ours] = self._add(lambda _, __, one, at=order_at: f"order_{one[at][-14:]}")
            self.words[theirs] = self._add(lambda _, __, one, at=pay_at: f"pay_{one[at][-14:]}")
        for pk, row in self.found.get(Shipment, {}).items():
            at = self.words[pk.hex]
            self.words[row["tracking_number"]] = self._add(lambda _, __, one, at=at: own_number(UUID(hex=one[at])))
        for row in self.found.get(Scan, {}).values():
            self.words[row["source_key"]] = self._add(lambda _, times, __: f"{ids.uuid7(times[0]).hex}:c")
        moments = {value for these in self.found.values() for row in these.values() for value in row.values() if isinstance(value, datetime)}
        moments |= {row["recorded_at"] for row in self.events}
        for moment in sorted(moments):
            deed = self._deed_of(moment)
            later = moment - self.deeds[deed][0]
            self.times[moment] = self._add(lambda _, times, __, d=deed, by=later: rows.time_text((times[d] + by).strftime(PLAIN)))
            self.words[moment.strftime(CANONICAL)] = self._add(lambda _, times, __, d=deed, by=later: (times[d] + by).strftime(CANONICAL))

    def _deed_of(self, moment: datetime) -> int:
        """Which deed a moment belongs to: the last before it, or the one of which it is the whole second."""
        return max((place for place, (at, _) in enumerate(self.deeds) if at <= moment + timedelta(seconds=1)), default=0)

    def _add(self, make: Callable[..., Any]) -> int:
        self.makers.append(make)
        return len(self.makers) - 1

    def _add_id(self, pk: UUID, make: Callable[..., Any]) -> None:
        place = self._add(lambda *words: make(*words).hex)
        self.words[pk.hex] = place
        self.words[str(pk)] = self._add(lambda _, __, one: str(UUID(hex=one[place])))

    def _values(self, copy: Copy, chance: random.Random) -> Values:
        """Everything that is the copy's own, by place."""
        times, at = [], copy.at.astimezone(UTC)
        for _, name in self.deeds:
            least, most = WAITS.get(name, (0, 0))
            at += timedelta(minutes=chance.uniform(least, most)) if most else timedelta()
            times.append(at)
        values: Values = []
        for make in self.makers:
            values.append(make(copy, times, values))
        return [*values, times, copy]

    def _text(self, text: str) -> Callable[[Values], str]:
        """A function that says the text with the copy's own words."""
        holes: list[int] = []

        def hole(found: re.Match[str]) -> str:
            holes.append(self.words[found[0]])
            return "%s"

        stencil = self._known.sub(hole, text.replace("%", "%%"))
        if not holes:
            return lambda _, said=text: said  # type: ignore[misc]
        picked: Any = itemgetter(*holes)
        return lambda values: stencil % picked(values)

    def _sheet(self, model: type[models.Model], row: dict[str, Any]) -> tuple[str, list[str], list[Callable[[Values], Any]]]:
        """The row's own id, its columns, and for each what makes its value of a copy."""
        pk: Any = model._meta.pk
        texts = rows.raw(model, [row[pk.attname]])[row[pk.attname]]
        columns, fills = [], []
        for column in model._meta.concrete_fields:
            is_serial = column.primary_key and isinstance(column, models.AutoField) and model is not Event
            if is_serial or column.attname in {"position", "txid"}:
                continue
            columns.append(str(column.column))
            fills.append(self._fill(model, column, row, texts))
        key = row[pk.attname]
        return (key.hex if isinstance(key, UUID) else str(key)), columns, fills

    def _fill(self, model: type[models.Model], column: Any, row: dict[str, Any], texts: dict[str, Any]) -> Callable[[Values], Any]:
        """What makes a column's value of a copy."""
        value, text = row[column.attname], texts[column.attname]
        if value is None:
            return lambda _: None
        if (model is Event and column.primary_key) or column.related_model is Event:
            return lambda values: values[0][value]
        if isinstance(column, models.DateField):
            is_moment = isinstance(column, models.DateTimeField)
            return itemgetter(self.times[value]) if is_moment else self._day(column.name, row, value)
        if isinstance(column, models.BinaryField):
            return self._bytes(model, column.name, row)
        if isinstance(value, UUID) and value.hex in self.words:
            return itemgetter(self.words[rows.id_text(value)])
        return self._text(text) if isinstance(text, str) else lambda _: text

    def _bytes(self, model: type[models.Model], name: str, row: dict[str, Any]) -> Callable[[Values], bytes | None]:
        if name in {"city_token", "pin_token"}:
            return lambda values: people.place_tokens(self._address(values[-1].face))[name]
        kept = bytes(row[name])
        return self._seal(model, row) if name == "sealed" else lambda _: kept

    def _day(self, name: str, row: dict[str, Any], value: date) -> Callable[[Values], str]:
        moment = row[_DAY_OF[name]]
        deed = self._deed_of(moment)
        days = value - localdate(moment)
        return lambda values: (localdate(values[-2][deed]) + days).isoformat()

    def _seal(self, model: type[models.Model], row: dict[str, Any]) -> Callable[[Values], bytes]:
        """What is personal, said anew of the copy's person."""
        kind, pk = model._meta.model_name, row["id"]
        word = self.words[pk.hex]
        opened = vault.unseal(self.person.key, f"{kind}:{pk}", bytes(row["sealed"])) or {}

        def seal(values: Values) -> bytes:
            face = values[-1].face
            address = self._address(face)
            own = {"email": face.email, "phone": face.phone, "name": face.name, "shippingAddress": address, "destination": address}
            said = address if model is Address else {name: own.get(name, value) for name, value in opened.items()}
            return vault.seal(face.key, f"{kind}:{UUID(hex=values[word])}", said)

        return seal

    def _address(self, face: Face) -> dict[str, str]:
        return patterns.address(self.pattern.state, face.name, face.phone, place=face.place)

    def _write_event(self, canonical: Callable[[Values], str], sheet: Any, values: Sequence[Values]) -> None:
        _, columns, fills = sheet
        where = columns.index("canonical"), columns.index("leaf_hash")

        def lines() -> Iterable[list[Any]]:
            for one in values:
                line = [fill(one) for fill in fills]
                line[where[0]] = canonical(one).encode()
                line[where[1]] = hashlib.sha256(b"\0" + line[where[0]]).digest()
                yield line

        rows.insert(Event, columns, lines())

    def _step(self, row: dict[str, Any], values: Sequence[Values], born: set[tuple[str, str]]) -> None:
        """The row the event speaks of: written when it is born, moved when it moves."""
        subject = row["subject_type"], row["subject_id"]
        model = apps.get_model(row["subject_type"])
        if not row["to_state"] or not issubclass(model, StateModel):
            return
        _, columns, fills = next(sheet for sheet in self.sheets[model] if sheet[0] == row["subject_id"])
        if subject not in born:
            born.add(subject)
            first = {"status": row["to_state"], **dict.fromkeys(_WITH_STEP.get((model, ""), ()), 0)}
            fills = [_always(first[name]) if name in first else fill for name, fill in zip(columns, fills, strict=True)]
            rows.insert(model, columns, ([fill(one) for fill in fills] for one in values))
        else:
            word, last = self.words[row["subject_id"]], self.found[model][UUID(hex=row["subject_id"])]
            said = {name: last[name] for name in _WITH_STEP.get((model, row["to_state"]), ())}
            rows.move(model, [UUID(hex=one[word]) for one in values], row["from_state"], {"status": row["to_state"], **said})

    def _level(self, count: int) -> None:
        """The levels follow the movements that were written."""
        sums: Counter[tuple[UUID, UUID, str]] = Counter()
        for row in self.found.get(Movement, {}).values():
            for name in ("on_hand", "held"):
                sums[row["warehouse_id"], row["variant_id"], name] += row[f"{name}_delta"] * count
        for (warehouse, variant, name), change in sorted(sums.items(), key=str):
            Level.objects.filter(warehouse_id=warehouse, variant_id=variant).update(**{name: F(name) + change})


def _always(value: Any) -> Callable[[Values], Any]:
    return lambda _: value
