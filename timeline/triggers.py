"""The database's own guard, on both engines, attached after every migrate.

What it refuses, whoever asks: a state without its event, a step outside the transition table (which stands in the
trigger's body), the deletion of a machine or an event, any change of an event but its one `position`, any change of a
frozen column, any change of an append-only row, any cut of a column that `GROWS`, and what a model names itself: `REFUSED_INSERTS` is a tuple of
`(name, condition over NEW, why)` in SQL both engines understand. Note [The book first] says why the triggers may be
immediate.

A row is born in the state its newest event says, or with a history: further on in its machine, when every step to there
stands in the book, one leading to the next from the birth on, on PostgreSQL all of this very transaction. That is an insert and
its updates said at once (copies of a shop, an import), and refuses what they would refuse.

`CHANGED_BY` names columns that change only with an event: `{"order.edited": ("total_minor", …)}`. They may be updated
while the newest event of their subject is of that kind (on PostgreSQL: of this very transaction). The subject is the row
itself, or the row its foreign key `CHANGED_WITH` points to: a line changes with its order.

Note [SQLite forgets]
    SQLite remakes a table on many migrations and drops its triggers silently, so they are dropped before every
    migrate, made anew after it, and looked for at start (`missing`). `INSERT OR REPLACE` would delete the old row
    without a DELETE trigger, so a BEFORE INSERT guard looks at the primary key and every unique column.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.db import connection, models

from timeline.models import Event
from timeline.states import StateModel
from timeline.transitions import machine

if TYPE_CHECKING:
    from collections.abc import Iterator

PREFIX = "bahi_"
_BIRTH = "''"  # SQL: no state was before


@dataclass(frozen=True, slots=True)
class Trigger:
    """One trigger: its name, its table, and the statements that make it."""

    name: str
    table: str
    statements: tuple[str, ...]


def attach() -> int:
    """Make every trigger anew; returns how many."""
    drop()
    wanted = expected()
    with connection.cursor() as cursor:
        for trigger in wanted:
            for statement in trigger.statements:
                cursor.execute(statement)
    return len(wanted)


def drop() -> None:
    """Take every trigger of ours away: before a migrate, and around a test's flush. Nothing else may call it."""
    with connection.cursor() as cursor:
        for name, table in sorted(_present()):
            if connection.vendor == "postgresql":
                cursor.execute(f'DROP TRIGGER IF EXISTS {name} ON "{table}"')
            else:
                cursor.execute(f"DROP TRIGGER IF EXISTS {name}")


def missing() -> list[str]:
    """The names of triggers that ought to be there and are not: empty in a sound database."""
    here = {name for name, _ in _present()}
    return [trigger.name for trigger in expected() if trigger.name not in here]


def expected() -> list[Trigger]:
    """Every trigger of the project for the tables that exist."""
    from django.apps import apps

    tables = set(connection.introspection.table_names())
    make = _postgres if connection.vendor == "postgresql" else _sqlite
    found: list[Trigger] = []
    for model in apps.get_models():
        if model._meta.db_table in tables and model._meta.managed and not model._meta.proxy:
            found += make(model)
    return found


def before_migrate(**_: Any) -> None:
    """Receiver of `pre_migrate`; Note [SQLite forgets]."""
    if connection.vendor == "sqlite":
        drop()


def after_migrate(**_: Any) -> None:
    """Receiver of `post_migrate`."""
    if Event._meta.db_table in connection.introspection.table_names():
        attach()


def _present() -> list[tuple[str, str]]:
    if connection.vendor == "postgresql":
        query = (
            "SELECT t.tgname, c.relname FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid"
            " JOIN pg_namespace n ON n.oid = c.relnamespace"
            " WHERE NOT t.tgisinternal AND t.tgname LIKE 'bahi\\_%' AND n.nspname = current_schema()"
        )
    else:
        query = "SELECT name, tbl_name FROM sqlite_master WHERE type = 'trigger' AND name LIKE 'bahi\\_%' ESCAPE '\\'"
    with connection.cursor() as cursor:
        cursor.execute(query)
        return [(str(name), str(table)) for name, table in cursor.fetchall()]


def _is_append_only(model: type[models.Model]) -> bool:
    return bool(getattr(model, "APPEND_ONLY", False))


def _frozen(model: type[models.Model]) -> list[str]:
    names = list(getattr(model, "FROZEN", ()))
    if not names and not issubclass(model, StateModel):
        return []
    columns = [_column(model, name) for name in names]
    return [str(model._meta.pk.column), *map(str, columns)] if model._meta.pk else list(map(str, columns))


def _grows(model: type[models.Model]) -> str:
    """SQL of both engines that is true where the column that only grows was cut or changed; empty where there is none."""
    name = str(getattr(model, "GROWS", ""))
    if not name:
        return ""
    column = _column(model, name)
    return f'substr(NEW."{column}", 1, length(OLD."{column}")) <> OLD."{column}"'


def _told(model: type[models.Model]) -> list[tuple[tuple[str, ...], list[str]]]:
    """Which columns change only with an event of which kinds."""
    kinds: dict[str, list[str]] = {}
    for kind, names in getattr(model, "CHANGED_BY", {}).items():
        for name in names:
            kinds.setdefault(_column(model, name), []).append(kind)
    groups: dict[tuple[str, ...], list[str]] = {}
    for column, words in kinds.items():
        groups.setdefault(tuple(words), []).append(column)
    return list(groups.items())


def _teller(model: type[models.Model]) -> tuple[str, str]:
    """Whose events change the row: the subject's type, and the column that names it."""
    name = getattr(model, "CHANGED_WITH", "")
    if not name:
        return model._meta.label_lower, str(model._meta.pk.column if model._meta.pk else "id")
    field: Any = model._meta.get_field(name)
    return field.related_model._meta.label_lower, str(field.column)


def _refused_inserts(model: type[models.Model]) -> tuple[tuple[str, str, str], ...]:
    return tuple(getattr(model, "REFUSED_INSERTS", ()))


def _column(model: type[models.Model], name: str) -> str:
    return next(str(field.column) for field in model._meta.concrete_fields if field.name == name)


def _pairs(model: type[StateModel]) -> Iterator[tuple[str, str]]:
    table = machine(model)
    yield from (("", state) for state in table.initial)
    yield from sorted({(step.source, step.target) for step in table.steps})


def _uniques(model: type[models.Model]) -> Iterator[tuple[str, ...]]:
    for field in model._meta.concrete_fields:
        if field.unique:
            yield (str(field.column),)
    for constraint in model._meta.constraints:
        if isinstance(constraint, models.UniqueConstraint) and constraint.fields and constraint.condition is None:
            yield tuple(_column(model, name) for name in constraint.fields)


# --- PostgreSQL -------------------------------------------------------------------------------------------------


def _postgres(model: type[models.Model]) -> list[Trigger]:
    table = model._meta.db_table
    found = []
    if model is Event:
        found.append(_pg(table, "stamp", "BEFORE INSERT", "", "NEW.txid := txid_current(); RETURN NEW;"))
        body = (
            "IF TG_OP = 'UPDATE' AND OLD.position IS NULL AND NEW.position IS NOT NULL"
            " AND (to_jsonb(NEW) - 'position') = (to_jsonb(OLD) - 'position') THEN RETURN NEW; END IF;"
            f" {_pg_refuse(table, 'is append-only')}"
        )
        found.append(_pg(table, "append_only", "BEFORE UPDATE OR DELETE", "", body))
        found.append(_pg(table, "truncate", "BEFORE TRUNCATE", "", _pg_refuse(table, "is append-only"), row=False))
    if _is_append_only(model):
        refuse = _pg_refuse(table, "is append-only")
        found.append(_pg(table, "append_only", "BEFORE UPDATE OR DELETE", "", refuse))
        found.append(_pg(table, "truncate", "BEFORE TRUNCATE", "", refuse, row=False))
    for name, condition, why in _refused_inserts(model):
        body = f"IF {condition} THEN {_pg_refuse(table, why)} END IF; RETURN NEW;"
        found.append(_pg(table, name, "BEFORE INSERT", "", body))
    if shrunk := _grows(model):
        found.append(_pg(table, "grows", "BEFORE UPDATE", shrunk, _pg_refuse(table, "only grows")))
        found.append(_pg(table, "kept", "BEFORE DELETE", "", _pg_refuse(table, "rows are never deleted")))
        found.append(_pg(table, "truncate", "BEFORE TRUNCATE", "", _pg_refuse(table, "is never emptied"), row=False))
    frozen = _frozen(model)
    if frozen:
        when = " OR ".join(f'OLD."{column}" IS DISTINCT FROM NEW."{column}"' for column in frozen)
        found.append(_pg(table, "frozen", "BEFORE UPDATE", when, _pg_refuse(table, "has a frozen column")))
    for place, (kinds, columns) in enumerate(_told(model)):
        when = " OR ".join(f'OLD."{column}" IS DISTINCT FROM NEW."{column}"' for column in columns)
        found.append(_pg(table, f"told_{place}", "BEFORE UPDATE", when, _pg_told(model, kinds)))
    if issubclass(model, StateModel):
        found.append(_pg(table, "born", "BEFORE INSERT", "", _pg_born(model)))
        moved = "OLD.status IS DISTINCT FROM NEW.status"
        found.append(_pg(table, "moved", "BEFORE UPDATE", moved, _pg_step(model, "OLD.status")))
        found.append(_pg(table, "kept", "BEFORE DELETE", "", _pg_refuse(table, "rows are never deleted")))
        found.append(_pg(table, "truncate", "BEFORE TRUNCATE", "", _pg_refuse(table, "is never emptied"), row=False))
    return found


def _pg(table: str, name: str, moment: str, when: str, body: str, *, row: bool = True) -> Trigger:
    full = f"{PREFIX}{table}_{name}"
    condition = f" WHEN ({when})" if when else ""
    level = "ROW" if row else "STATEMENT"
    return Trigger(
        full,
        table,
        (
            f"CREATE OR REPLACE FUNCTION {full}() RETURNS trigger LANGUAGE plpgsql AS $bahi$ BEGIN {body} END $bahi$",
            f'CREATE TRIGGER {full} {moment} ON "{table}" FOR EACH {level}{condition} EXECUTE FUNCTION {full}()',
            f'ALTER TABLE "{table}" ENABLE ALWAYS TRIGGER {full}',
        ),
    )


def _pg_refuse(table: str, why: str) -> str:
    return f"RAISE EXCEPTION '{table} {why}' USING ERRCODE = 'integrity_constraint_violation';"


def _pg_born(model: type[StateModel]) -> str:
    pk = model._meta.pk.column if model._meta.pk else "id"
    births = ", ".join(f"'{state}'" for state in machine(model).initial)
    subject = f"replace(NEW.\"{pk}\"::text, '-', '')"
    return (
        f"IF NEW.status IN ({births}) AND EXISTS ({_pg_newest(model, _BIRTH)}) THEN RETURN NEW; END IF;"
        f" IF NEW.status IS NOT DISTINCT FROM ({_history(model, subject, 'txid = txid_current()')}) THEN RETURN NEW; END IF;"
        f" {_pg_step(model, _BIRTH)}"
    )


def _history(model: type[StateModel], subject: str, sound: str) -> str:
    """The state to which the subject's steps lead, each from the one before and `sound`; of a broken history none."""
    pairs = " OR ".join(f"(from_state = '{source}' AND to_state = '{target}')" for source, target in _pairs(model))
    return (
        f"SELECT max(CASE WHEN later IS NULL THEN to_state END) FROM (SELECT from_state, to_state, {sound} AS sound,"
        " lag(to_state, 1, '') OVER (ORDER BY id) AS before, lead(id) OVER (ORDER BY id) AS later"
        f" FROM {Event._meta.db_table} WHERE subject_type = '{model._meta.label_lower}' AND subject_id = {subject} AND to_state <> '') AS steps"
        f" HAVING min(CASE WHEN from_state = before AND sound AND ({pairs}) THEN 1 ELSE 0 END) = 1"
    )


def _pg_step(model: type[StateModel], before: str) -> str:
    table = model._meta.db_table
    pairs = ", ".join(f"('{source}', '{target}')" for source, target in _pairs(model))
    pk = model._meta.pk.column if model._meta.pk else "id"
    return (
        f"IF ({before}, NEW.status) NOT IN ({pairs}) THEN"
        f" RAISE EXCEPTION '{table} %: no step from \"%\" to \"%\"', NEW.\"{pk}\", {before}, NEW.status"
        " USING ERRCODE = 'integrity_constraint_violation'; END IF;"
        f" IF NOT EXISTS ({_pg_newest(model, before)}) THEN"
        f" RAISE EXCEPTION '{table} %: \"%\" to \"%\" has no timeline event', NEW.\"{pk}\", {before}, NEW.status"
        " USING ERRCODE = 'integrity_constraint_violation'; END IF; RETURN NEW;"
    )


def _pg_newest(model: type[StateModel], before: str) -> str:
    """A row where the subject's newest event says this very step, in this transaction."""
    pk = model._meta.pk.column if model._meta.pk else "id"
    return (
        f"SELECT 1 FROM (SELECT from_state, to_state, txid FROM {Event._meta.db_table}"
        f" WHERE subject_type = '{model._meta.label_lower}' AND subject_id = replace(NEW.\"{pk}\"::text, '-', '')"
        f" ORDER BY id DESC LIMIT 1) AS newest WHERE from_state = {before} AND to_state = NEW.status"
        " AND txid = txid_current()"
    )


def _pg_told(model: type[models.Model], kinds: tuple[str, ...]) -> str:
    table, (subject, column) = model._meta.db_table, _teller(model)
    words = ", ".join(f"'{kind}'" for kind in kinds)
    return (
        f"IF NOT EXISTS (SELECT 1 FROM (SELECT kind, txid FROM {Event._meta.db_table}"
        f" WHERE subject_type = '{subject}' AND subject_id = replace(NEW.\"{column}\"::text, '-', '')"
        f" ORDER BY id DESC LIMIT 1) AS newest WHERE kind IN ({words}) AND txid = txid_current()) THEN"
        f" {_pg_refuse(table, 'changes this column with its event only')} END IF; RETURN NEW;"
    )


# --- SQLite -----------------------------------------------------------------------------------------------------


def _sqlite(model: type[models.Model]) -> list[Trigger]:
    table = model._meta.db_table
    found = []
    append_only = _is_append_only(model)
    if model is Event:
        same = " AND ".join(
            f'OLD."{field.column}" IS NEW."{field.column}"'
            for field in model._meta.concrete_fields
            if field.column != "position"
        )
        when = f"NOT (OLD.position IS NULL AND NEW.position IS NOT NULL AND {same})"
        found.append(_lite(table, "no_update", "BEFORE UPDATE", when, _lite_refuse(table, "is append-only")))
        found.append(_lite(table, "no_delete", "BEFORE DELETE", "", _lite_refuse(table, "is append-only")))
    if append_only:
        found.append(_lite(table, "no_update", "BEFORE UPDATE", "", _lite_refuse(table, "is append-only")))
        found.append(_lite(table, "no_delete", "BEFORE DELETE", "", _lite_refuse(table, "is append-only")))
    for name, condition, why in _refused_inserts(model):
        found.append(_lite(table, name, "BEFORE INSERT", condition, _lite_refuse(table, why)))
    if shrunk := _grows(model):
        found.append(_lite(table, "grows", "BEFORE UPDATE", shrunk, _lite_refuse(table, "only grows")))
        found.append(_lite(table, "kept", "BEFORE DELETE", "", _lite_refuse(table, "rows are never deleted")))
    frozen = _frozen(model)
    if frozen:
        when = " OR ".join(f'OLD."{column}" IS NOT NEW."{column}"' for column in frozen)
        found.append(_lite(table, "frozen", "BEFORE UPDATE", when, _lite_refuse(table, "has a frozen column")))
    for place, (kinds, columns) in enumerate(_told(model)):
        when = " OR ".join(f'OLD."{column}" IS NOT NEW."{column}"' for column in columns)
        found.append(_lite(table, f"told_{place}", "BEFORE UPDATE", when, _lite_told(model, kinds)))
    if issubclass(model, StateModel):
        found.append(_lite(table, "born", "BEFORE INSERT", "", _lite_born(model)))
        moved = "OLD.status IS NOT NEW.status"
        found.append(_lite(table, "moved", "BEFORE UPDATE", moved, _lite_step(model, "OLD.status")))
        found.append(_lite(table, "kept", "BEFORE DELETE", "", _lite_refuse(table, "rows are never deleted")))
    if model is Event or append_only or issubclass(model, StateModel):
        taken = " OR ".join(
            "(" + " AND ".join(f'"{column}" = NEW."{column}"' for column in columns) + ")" for columns in _uniques(model)
        )
        when = f'EXISTS (SELECT 1 FROM "{table}" WHERE {taken})'
        found.append(_lite(table, "no_replace", "BEFORE INSERT", when, _lite_refuse(table, "has such a row already")))
    return found


def _lite(table: str, name: str, moment: str, when: str, body: str) -> Trigger:
    full = f"{PREFIX}{table}_{name}"
    condition = f" WHEN {when}" if when else ""
    return Trigger(
        full, table, (f'CREATE TRIGGER {full} {moment} ON "{table}" FOR EACH ROW{condition} BEGIN {body} END',)
    )


def _lite_refuse(table: str, why: str) -> str:
    return f"SELECT RAISE(ABORT, '{table} {why}');"


def _lite_born(model: type[StateModel]) -> str:
    pk = model._meta.pk.column if model._meta.pk else "id"
    subject = f'NEW."{pk}"'
    return _lite_step(model, _BIRTH, f" AND NEW.status IS NOT ({_history(model, subject, '1')})")


def _lite_step(model: type[StateModel], before: str, unless: str = "") -> str:
    table = model._meta.db_table
    pk = model._meta.pk.column if model._meta.pk else "id"
    legal = " OR ".join(
        f"({before} = '{source}' AND NEW.status = '{target}')" for source, target in _pairs(model)
    )
    return (
        f"SELECT RAISE(ABORT, '{table}: no such step') WHERE NOT ({legal}){unless};"
        f" SELECT RAISE(ABORT, '{table}: state has no timeline event') WHERE NOT EXISTS (SELECT 1 FROM"
        f" (SELECT from_state, to_state FROM {Event._meta.db_table} WHERE subject_type = '{model._meta.label_lower}'"
        f' AND subject_id = NEW."{pk}" ORDER BY id DESC LIMIT 1)'
        f" WHERE from_state = {before} AND to_state = NEW.status){unless};"
    )


def _lite_told(model: type[models.Model], kinds: tuple[str, ...]) -> str:
    table, (subject, column) = model._meta.db_table, _teller(model)
    words = ", ".join(f"'{kind}'" for kind in kinds)
    return (
        f"SELECT RAISE(ABORT, '{table} changes this column with its event only') WHERE NOT EXISTS (SELECT 1 FROM"
        f" (SELECT kind FROM {Event._meta.db_table} WHERE subject_type = '{subject}'"
        f' AND subject_id = NEW."{column}" ORDER BY id DESC LIMIT 1) WHERE kind IN ({words}));'
    )
