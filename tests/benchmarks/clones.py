"""Many orders from one: every row of a real order's story written again and again by SQL, with keys of its own.

The rows are those the operations wrote; only keys differ. The triggers are away meanwhile, as around a test's flush.
"""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.apps import apps
from django.db import connection, models
from psycopg.types.json import Jsonb

from orders.models import Order
from payments.models import Notice, Payment
from timeline import triggers
from timeline.models import Event

OWN = ("config", "orders", "payments", "shipping", "inventory", "timeline")
SHARED = {"orders.Person", "orders.Address", "inventory.Variant", "payments.Settlement", "timeline.SubjectKey"}
# Keys that are unique only together with others.
SERIES = {("orders.Document", "seq"): "1000000 + g", ("payments.Notice", "event_id"): "md5(random()::text || g)"}
SERIAL_FIRST = 10**10


class Story:
    """All rows of one order, by model, and how their keys become those of the clones."""

    def __init__(self, order: Order) -> None:
        self.stream = str(order.pk)
        self.rows: dict[type[models.Model], dict[Any, dict[str, Any]]] = {}
        self.words: dict[str, str] = {}
        self._gather(order)
        self._name_keys(order)

    def write(self, count: int) -> None:
        """So many more of it. Raises nothing: a key that is met twice is a fault of this bench."""
        triggers.drop()
        with connection.cursor() as cursor:
            cursor.execute("SET session_replication_role = replica")
            cursor.execute("SET statement_timeout = 0")
            for model, rows in self.rows.items():
                for row in rows.values():
                    self._insert(cursor, model, row, count)
            cursor.execute("SET session_replication_role = DEFAULT")
            cursor.execute("ANALYZE")
            cursor.execute("RESET statement_timeout")
        triggers.attach()

    def _gather(self, order: Order) -> None:
        found = [model for model in apps.get_models() if model._meta.app_label in OWN and model._meta.label not in SHARED]
        self._keep(Order, Order.objects.filter(pk=order.pk))
        for model in found:
            if any(field.name == "stream" and isinstance(field, models.CharField) for field in model._meta.concrete_fields):
                self._keep(model, model._base_manager.filter(stream=self.stream))
        paid_as = [row["gateway_payment_id"] for row in self.rows[Payment].values()]
        self._keep(Notice, Notice.objects.filter(entity_id__in=paid_as))
        for _ in range(4):
            for model in found:
                for field in model._meta.concrete_fields:
                    owners = self.rows.get(field.related_model) if isinstance(field, models.ForeignKey) else None
                    if owners:
                        self._keep(model, model._base_manager.filter(**{f"{field.name}__in": list(owners)}))

    def _keep(self, model: type[models.Model], rows: Any) -> None:
        for row in rows.values():
            self.rows.setdefault(model, {})[row[model._meta.pk.attname]] = row

    def _name_keys(self, order: Order) -> None:
        """SQL over `g`, the clone's number, for each value that is a key."""
        self.words[order.number] = "'C' || g"
        serial = 0
        for model, rows in self.rows.items():
            for pk, row in rows.items():
                if isinstance(pk, UUID):
                    self.words |= {pk.hex: f"md5('{pk.hex}' || g)", str(pk): f"(md5('{pk.hex}' || g)::uuid)::text"}
                elif isinstance(pk, int):
                    serial += 1
                    self.words[f"{model._meta.label}:{pk}"] = f"{SERIAL_FIRST} + g::bigint * 1000 + {serial}"
                for field in model._meta.concrete_fields:
                    value = row[field.attname]
                    if field.unique and isinstance(value, str) and value not in self.words and not isinstance(field, models.ForeignKey):
                        self.words[value] = f"'{value[:6]}' || g"

    def _insert(self, cursor: Any, model: type[models.Model], row: dict[str, Any], count: int) -> None:
        names, parts, values = [], [], []
        for field in model._meta.concrete_fields:
            sql, value = self._value(model, field, row[field.attname])
            names.append(f'"{field.column}"')
            parts.append(sql)
            values += value
        cursor.execute(
            f'INSERT INTO "{model._meta.db_table}" ({", ".join(names)}) SELECT {", ".join(parts)}'
            " FROM generate_series(1, %s) AS g",
            [*values, count],
        )

    def _value(self, model: type[models.Model], field: models.Field[Any, Any], value: Any) -> tuple[str, list[Any]]:
        key = self._key(model, field, value)
        if key is not None:
            return key, []
        if value is None or (model is Event and field.name == "position"):  # no clone has a place in the sealed log
            return "NULL", []
        if isinstance(field, models.JSONField):
            return "%s::jsonb", [Jsonb(value)]
        if isinstance(field, models.BinaryField):
            # A hash that is a key becomes another; what is sealed stays as it is.
            is_key = field.unique or field.name == "body_sha256"
            kept = field.get_db_prep_save(value, connection)
            return ("decode(md5(%s::bytea || g::text::bytea), 'hex')", [kept]) if is_key else ("%s::bytea", [kept])
        return f"%s::{str(field.db_type(connection)).split(' ')[0]}", [value]

    def _key(self, model: type[models.Model], field: models.Field[Any, Any], value: Any) -> str | None:
        """What the value becomes in a clone; None when it is no key."""
        series = SERIES.get((model._meta.label, field.name))
        if series is not None:
            return series
        owner = field.related_model if isinstance(field, models.ForeignKey) else model if field.primary_key else None
        owner = Event if field.attname == "event_id" else owner  # a message names its event without a foreign key
        if isinstance(value, UUID) and value.hex in self.words:
            return f"({self.words[value.hex]})::uuid"
        if isinstance(value, int) and isinstance(owner, type):
            return self.words.get(f"{owner._meta.label}:{value}")
        if isinstance(value, str):
            return self.words.get(value)
        return None
