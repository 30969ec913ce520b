"""Copies of an order that was lived: all its rows, with keys, people, places and times of their own.

Note [Copies through the door]
    A copy is written as the order itself was: the events first, then the rows they speak of, in one transaction a batch, with
    the database's guard on. Each row is born in the state its life has reached, which the guard allows only where every step
    to there stands in the book: a state that no event tells, or a step no machine knows, is refused here as anywhere.
    Every event has its own canonical bytes and leaf hash, what is personal is sealed under the copy's own person, entries carry
    the sums that were booked, and the levels of the stock follow the movements.
"""

from __future__ import annotations

import hashlib
import random
from collections import Counter
from datetime import date, datetime, timedelta
from functools import cache
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

from django.apps import apps
from django.db import models
from django.db.models import F
from django.utils.timezone import localdate

from config.seeding import patterns, rows
from config.seeding.counted import Tales
from config.seeding.words import Copy, Values, Words, canonical, dashed, plain
from inventory.models import Level, Movement
from orders.models import Address, Checkout, Line, Order, Person, PersonToken
from orders.operations import people
from payments.models import Payment, Posting
from shipping.awb import own_number
from shipping.models import Scan, Shipment
from timeline import vault
from timeline.generations import Generation
from timeline.models import Delivery, Event, Receipt, Stream, SubjectKey

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

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
# By which moment of its row a day is counted.
_DAY_OF: Final = {"promised_on": "labelled_at", "day": "at"}


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
        self.tales = Tales(self.events, self._when)
        self.words = Words()
        self.event_places: dict[int, int] = {}
        self._name_words()
        self.pages = [self._sheet(Event, row) for row in self.events]
        self.stories = [self._story(stream) for stream in self.streams]
        self.sheets = {model: [self._sheet(model, row) for row in these.values()] for model, these in self.found.items()}

    def copy(self, at: datetime, number: str, face: Face, chance: random.Random) -> Copy:
        """A copy to be, whose story begins at this moment."""
        times = []
        for _, name in self.deeds:
            least, most = WAITS.get(name, (0, 0))
            at += timedelta(minutes=chance.uniform(least, most)) if most else timedelta()
            times.append(at)
        return Copy(times, number, face)

    def print(self, copies: Sequence[Copy]) -> int:
        """Write the copies; returns how many events that were. In the caller's transaction (Note [Copies through the door])."""
        numbers = rows.event_ids(len(self.events) * len(copies))
        for place, copy in enumerate(copies):
            copy.event_ids = numbers[place :: len(copies)]
        values = [self.words.values(copy) for copy in copies]
        rows.insert(self.stories, values)
        rows.insert(self.pages, values)
        # Postings stand before their entry, which the database adds up as it comes.
        for _, sheets in sorted(self.sheets.items(), key=lambda pair: pair[0] is not Posting):
            rows.insert(sheets, values)
        return len(numbers)

    def move_stock(self, count: int) -> None:
        """Let the levels follow the movements of so many copies."""
        sums: dict[tuple[UUID, UUID], Counter[str]] = {}
        for row in self.found.get(Movement, {}).values():
            changes = sums.setdefault((row["warehouse_id"], row["variant_id"]), Counter())
            for name in ("on_hand", "held"):
                changes[name] += row[f"{name}_delta"] * count
        for (warehouse, variant), changes in sorted(sums.items(), key=str):
            Level.objects.filter(warehouse_id=warehouse, variant_id=variant).update(**{name: F(name) + change for name, change in changes.items()})

    def units(self) -> Counter[str]:
        """How many pieces of each SKU one copy takes."""
        return Counter({row["sku"]: row["quantity"] for row in self.found[Line].values()})

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
        """Which words of the pattern are others in every copy."""
        words = self.words
        for place, row in enumerate(self.events):
            self.event_places[row["id"]] = words.add(lambda copy, _, at=place: str(copy.event_ids[at]))
        uuids = {pk for these in self.found.values() for pk in these if isinstance(pk, UUID)}
        for pk in sorted(uuids | {row["operation_id"] for row in self.events}, key=str):
            words.know_id(pk.hex)
        words.know_hex(self.person.pk.hex, lambda: lambda copy, _: copy.face.person_id.hex)
        words.know_hex(self.person.key_id.hex, lambda: lambda copy, _: copy.face.key.pk.hex)
        words.know(self.order.number, lambda: lambda copy, _: copy.number)
        for payment in self.found.get(Payment, {}):
            for prefix, pk in (("order_", self.order.pk), ("pay_", payment)):
                words.know(f"{prefix}{pk.hex[-14:]}", lambda prefix=prefix, pk=pk: _with_end(prefix, words.place(pk.hex)))  # type: ignore[misc]
        for pk, row in self.found.get(Shipment, {}).items():
            words.know(row["tracking_number"], lambda pk=pk: _tracking(words.place(pk.hex)))  # type: ignore[misc]
        for row in self.found.get(Scan, {}).values():
            words.know(row["source_key"], words.new_id(":c"))
        moments = {value for these in self.found.values() for row in these.values() for value in row.values() if isinstance(value, datetime)}
        for moment in sorted(moments | {row["recorded_at"] for row in self.events}):
            words.know(plain(moment), lambda moment=moment: self._moment(moment))  # type: ignore[misc]
            words.know(canonical(moment), lambda moment=moment: _canonical(words.place(plain(moment))))  # type: ignore[misc]

    def _when(self, moment: datetime) -> tuple[int, timedelta]:
        """The deed a moment belongs to, and how long after it that was: the last before it, or of which it is the whole second."""
        deed = max((place for place, (at, _) in enumerate(self.deeds) if at <= moment + timedelta(seconds=1)), default=0)
        return deed, moment - self.deeds[deed][0]

    def _moment(self, moment: datetime) -> Any:
        deed, later = self._when(moment)
        return lambda copy, _: rows.time_text((copy.times[deed] + later).isoformat(" ", "microseconds"))

    def _story(self, stream: str) -> rows.Sheet:
        own = [row["recorded_at"] for row in self.events if row["stream"] == stream]
        return rows.Sheet(Stream, ("stream", "seq", "at"), (self.words.cell(stream), len(own), self._at(plain(max(own)))))

    def _sheet(self, model: type[models.Model], row: dict[str, Any]) -> rows.Sheet:
        """The row with gaps where a copy's own words stand."""
        pk: Any = model._meta.pk
        texts = rows.raw(model, row[pk.attname])
        columns, cells = [], []
        said = self._canonical_bytes(texts["canonical"]) if model is Event else 0
        for column in model._meta.concrete_fields:
            is_serial = column.primary_key and isinstance(column, models.AutoField) and model is not Event
            if is_serial or column.attname in {"position", "txid"}:
                continue
            columns.append(str(column.column))
            cells.append(self._hashed(column.name, said) if said and column.name in _HASHED else self._cell(model, column, row, texts))
        return rows.Sheet(model, columns, cells)

    def _cell(self, model: type[models.Model], column: Any, row: dict[str, Any], texts: dict[str, Any]) -> Any:
        """A column's value, or what it is made of."""
        value, text = row[column.attname], texts[column.attname]
        if value is None:
            return None
        if (model is Event and column.primary_key) or column.related_model is Event:
            return rows.Own("%s", (self.event_places[value],))
        if isinstance(column, models.DateField):
            is_moment = isinstance(column, models.DateTimeField)
            return self._at(plain(value)) if is_moment else self._made(self._day(row[_DAY_OF[column.name]], value))
        if isinstance(column, models.BinaryField):
            return self._bytes(model, column.name, row)
        if isinstance(value, UUID) and value.hex in self.words:
            return self._at(rows.id_text(value))
        return self.words.cell(text) if isinstance(text, str) else text

    def _at(self, word: str) -> rows.Own:
        return rows.Own("%s", (self.words.place(word),))

    def _made(self, maker: Callable[[Copy, Values], Any]) -> rows.Own:
        return rows.Own("%s", (self.words.add(maker),))

    def _canonical_bytes(self, kept: bytes) -> int:
        """The place of the event's own canonical bytes."""
        cell = self.words.cell(kept.decode(), is_column=False)
        return self.words.add(lambda _, values: str(rows.filled(cell, values)).encode())

    def _hashed(self, name: str, said: int) -> rows.Own:
        if name == "canonical":
            return self._made(lambda _, values: rows.blob(values[said]))
        return self._made(lambda _, values: rows.blob(hashlib.sha256(b"\0" + values[said]).digest()))

    def _bytes(self, model: type[models.Model], name: str, row: dict[str, Any]) -> Any:
        if name in {"city_token", "pin_token"}:
            return self._made(lambda copy, _: _place_token(name, self.pattern.state, copy.face.place))
        return self._made(self._seal(model, row)) if name == "sealed" else bytes(row[name])

    def _day(self, moment: datetime, value: date) -> Callable[[Copy, Values], str]:
        deed, days = self._when(moment)[0], value - localdate(moment)
        return lambda copy, _: (localdate(copy.times[deed]) + days).isoformat()

    def _seal(self, model: type[models.Model], row: dict[str, Any]) -> Callable[[Copy, Values], Any]:
        """What is personal, said anew of the copy's person."""
        kind, pk = model._meta.model_name, row["id"]
        word = self.words.place(pk.hex)
        opened = vault.unseal(self.person.key, f"{kind}:{pk}", bytes(row["sealed"])) or {}

        def seal(copy: Copy, values: Values) -> Any:
            face = copy.face
            address = patterns.address(self.pattern.state, face.name, face.phone, place=face.place)
            own = {"email": face.email, "phone": face.phone, "name": face.name, "shippingAddress": address, "destination": address}
            said = address if model is Address else {name: own.get(name, value) for name, value in opened.items()}
            return rows.blob(vault.seal(face.key, f"{kind}:{dashed(values[word])}", said))

        return seal


_HASHED: Final = {"canonical", "leaf_hash"}


@cache
def _place_token(name: str, state: str, place: int) -> Any:
    token = people.place_tokens(patterns.address(state, "", "", place=place))[name]
    return rows.null() if token is None else rows.blob(token)


def _with_end(prefix: str, place: int) -> Any:
    return lambda _, values: f"{prefix}{values[place][-14:]}"


def _tracking(place: int) -> Any:
    return lambda _, values: own_number(UUID(hex=values[place]))


def _canonical(place: int) -> Any:
    return lambda _, values: f"{values[place][:10]}T{values[place][11:26]}Z"
