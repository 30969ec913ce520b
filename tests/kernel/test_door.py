"""The one door: what passes is recorded, what tries to pass beside it is refused. Held on both engines."""

from __future__ import annotations

import contextlib
import hashlib
import uuid
from typing import TYPE_CHECKING, Any

import pytest
import rfc8785
from django.core.management import call_command
from django.db import DatabaseError, IntegrityError, connection, transaction
from django.utils import timezone

from tests.door.models import Line, Seat, Ticket
from timeline import queries, triggers
from timeline.actors import Actor, system
from timeline.errors import KeyReused, Replayed, TransitionRefused
from timeline.idempotency import Key, fingerprint
from timeline.models import Delivery, Event, Receipt, Stream
from timeline.operations import (
    EVENT_BYTES_MAX,
    EventTooLarge,
    OperationNested,
    OperationRequired,
    PersonalFact,
    operation,
)
from timeline.transitions import advance, begin, machine
from timeline.vocabulary import UnknownKind

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.django_db(transaction=True)
ASHA = Actor(type="staff", id="7", name="Asha", channel="console", session_id="s1", request_id="r1")


def make(number: str = "T-1") -> Ticket:
    ticket = Ticket(id=uuid.uuid4(), number=number)
    with operation("ticket.open", actor=system("tests"), stream=str(ticket.id)) as op:
        begin(op, ticket, "checkout.started", facts={"total_minor": 100}, targets=[("item", "SKU-1", "Tea")])
    return ticket


@contextlib.contextmanager
def refused(match: str) -> Iterator[None]:
    with pytest.raises(DatabaseError, match=match), transaction.atomic():
        yield


def sql(statement: str, *values: Any) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)


def raw(ticket: Ticket) -> Any:
    return ticket.id if connection.vendor == "postgresql" else ticket.id.hex


def test_transition_is_recorded_with_who_through_what_and_why() -> None:
    ticket = make()
    with operation("ticket.cancel", actor=ASHA, stream=str(ticket.id)) as op:
        advance(op, ticket.cancel, code="changed_mind", private={"reason": "bought elsewhere"})
    event = Event.objects.latest("id")
    assert (event.kind, event.from_state, event.to_state, event.stream_seq) == ("checkout.abandoned", "pending", "cancelled", 2)
    assert (event.actor_type, event.actor_id, event.actor_name, event.channel) == ("staff", "7", "Asha", "console")
    assert (event.session_id, event.request_id, event.operation) == ("s1", "r1", "ticket.cancel")
    assert event.facts == {"code": "changed_mind"}
    assert event.private() == {"reason": "bought elsewhere"}
    assert b"bought elsewhere" not in bytes(event.canonical)
    stored = Ticket.objects.get(pk=ticket.pk)
    assert (stored.status, stored.reason) == ("cancelled", "changed_mind")
    assert Stream.objects.get(pk=str(ticket.id)).seq == 2


def test_the_hash_is_of_the_canonical_bytes_and_these_are_rfc_8785() -> None:
    make()
    event = Event.objects.get()
    assert bytes(event.leaf_hash) == hashlib.sha256(b"\x00" + bytes(event.canonical)).digest()
    import json

    body = json.loads(bytes(event.canonical))
    assert rfc8785.dumps(body) == bytes(event.canonical)
    assert body["facts"] == {"total_minor": 100}
    assert ["item", "SKU-1", "Tea"] in body["targets"]
    assert uuid.UUID(event.public_id).version == 7


def test_targets_find_the_event_from_each_resource() -> None:
    """A2, A11."""
    ticket, other = make(), make("T-2")
    first, second = Event.objects.order_by("id")
    assert {(t.type, t.target_id, t.name) for t in first.targets.all()} == {
        ("ticket", ticket.id.hex, ""),
        ("item", "SKU-1", "Tea"),
    }
    assert list(queries.of_target("ticket", ticket.id.hex)) == [first]
    assert list(queries.of_target("ticket", other.id.hex)) == [second]
    assert list(queries.of_target("item", "SKU-1")) == [second, first], "newest first"
    assert list(queries.of_target("ticket", "SKU-1")) == []


def test_an_event_has_a_greatest_size() -> None:
    ticket = make()

    def book(code: str) -> Event:
        with operation("x", actor=ASHA, stream=str(ticket.id)) as op:
            return op.record(ticket, "note.added", facts={"code": code})

    room = EVENT_BYTES_MAX - len(book("").canonical)
    assert len(book("x" * room).canonical) == EVENT_BYTES_MAX
    with pytest.raises(EventTooLarge) as refused_:
        book("x" * (room + 1))
    assert refused_.value.extra == {"max_bytes": EVENT_BYTES_MAX}
    assert Stream.objects.get(pk=str(ticket.id)).seq == 3


def test_calling_the_transition_directly_is_refused() -> None:
    ticket = make()
    with pytest.raises(OperationRequired):
        ticket.confirm()
    with operation("x", actor=ASHA, stream=str(ticket.id)), pytest.raises(OperationRequired):
        ticket.confirm()


def test_assigning_the_state_is_refused() -> None:
    ticket = make()
    with pytest.raises(AttributeError):
        ticket.status = "confirmed"


def test_a_failed_refresh_leaves_the_protection_on() -> None:
    """Note [A guard that does not flicker]."""
    ticket = make()
    ghost = Ticket(id=uuid.uuid4(), number="ghost")
    with pytest.raises(Ticket.DoesNotExist):
        ghost.refresh_from_db()
    with pytest.raises(AttributeError):
        ticket.status = "confirmed"
    partly = Ticket.objects.only("number").get(pk=ticket.pk)
    assert partly.status == "pending"
    with pytest.raises(AttributeError):
        partly.status = "confirmed"
    ticket.refresh_from_db()
    with pytest.raises(AttributeError):
        ticket.status = "cancelled"


def test_queryset_update_of_a_state_is_refused_by_the_database() -> None:
    ticket = make()
    with refused("no timeline event"):
        Ticket.objects.filter(pk=ticket.pk).update(status="confirmed")


def test_raw_sql_update_of_a_state_is_refused_by_the_database() -> None:
    ticket = make()
    with refused("no timeline event"):
        sql("UPDATE door_ticket SET status = 'confirmed' WHERE id = %s", raw(ticket))


def test_a_step_outside_the_table_is_refused_even_with_its_event() -> None:
    ticket = make()
    with operation("x", actor=ASHA, stream=str(ticket.id)) as op:
        advance(op, ticket.cancel, code="x")
    with pytest.raises(DatabaseError, match="no such step|no step from"), operation("x", actor=ASHA, stream=str(ticket.id)) as op:
        op.record(ticket, "checkout.held", from_state="cancelled", to_state="pending")
        sql("UPDATE door_ticket SET status = 'pending' WHERE id = %s", raw(ticket))


def test_insert_without_event_is_refused_by_the_database() -> None:
    with refused("no timeline event"):
        Ticket.objects.create(id=uuid.uuid4(), number="T-2")
    with refused("no such step|no step from"):
        sql(
            "INSERT INTO door_ticket (id, number, price_minor, status, reason) VALUES (%s, 'T-3', 1, 'cancelled', '')",
            uuid.uuid4() if connection.vendor == "postgresql" else uuid.uuid4().hex,
        )


def test_an_old_event_opens_nothing_twice() -> None:
    ticket = make()
    with operation("x", actor=ASHA, stream=str(ticket.id)) as op:
        advance(op, ticket.confirm)
    with operation("x", actor=ASHA, stream=str(ticket.id)) as op:
        op.record(ticket, "note.added")
    with refused("no timeline event"):
        sql("UPDATE door_ticket SET status = 'cancelled' WHERE id = %s", raw(ticket))


@pytest.mark.postgres
def test_an_event_of_another_transaction_opens_nothing() -> None:
    ticket = make()
    with operation("x", actor=ASHA, stream=str(ticket.id)) as op:
        op.record(ticket, "checkout.held", from_state="pending", to_state="confirmed")
    with refused("no timeline event"):
        sql("UPDATE door_ticket SET status = 'confirmed' WHERE id = %s", raw(ticket))


def test_deleting_a_machine_is_refused() -> None:
    ticket = make()
    with refused("never deleted"):
        Ticket.objects.filter(pk=ticket.pk).delete()


def test_changing_a_frozen_column_or_the_id_is_refused() -> None:
    ticket = make()
    with refused("frozen"):
        Ticket.objects.filter(pk=ticket.pk).update(price_minor=1)
    with refused("frozen"):
        sql("UPDATE door_ticket SET id = %s", uuid.uuid4() if connection.vendor == "postgresql" else uuid.uuid4().hex)
    Ticket.objects.filter(pk=ticket.pk).update(reason="free to change")


def test_a_column_that_changes_with_its_event_changes_with_nothing_else() -> None:
    """The book first, for amounts too."""
    ticket = make()
    with refused("with its event only"):
        Ticket.objects.filter(pk=ticket.pk).update(seats=2)
    with refused("with its event only"):
        sql("UPDATE door_ticket SET seats = 2 WHERE id = %s", raw(ticket))
    with operation("x", actor=ASHA, stream=str(ticket.id)) as op:
        op.record(ticket, "checkout.changed", facts={"seats": 2})
        assert Ticket.objects.filter(pk=ticket.pk).update(seats=2) == 1
    with operation("x", actor=ASHA, stream=str(ticket.id)) as op:
        op.record(ticket, "note.added")
        with refused("with its event only"):
            Ticket.objects.filter(pk=ticket.pk).update(seats=3)
    Ticket.objects.filter(pk=ticket.pk).update(reason="free to change", seats=2)


def test_a_row_changes_with_the_event_of_the_row_it_belongs_to() -> None:
    ticket, other = make(), make("T-2")
    seat = Seat.objects.create(ticket=ticket)
    with operation("x", actor=ASHA, stream=str(other.id)) as op:
        op.record(other, "checkout.changed")
        with refused("with its event only"):
            Seat.objects.filter(pk=seat.pk).update(number=7)
    with operation("x", actor=ASHA, stream=str(ticket.id)) as op:
        op.record(ticket, "checkout.held")
        assert Seat.objects.filter(pk=seat.pk).update(row=2) == 1, "either of two events"
        with refused("with its event only"):
            Seat.objects.filter(pk=seat.pk).update(number=7)
        op.record(ticket, "checkout.changed")
        assert Seat.objects.filter(pk=seat.pk).update(row=3, number=7) == 1


@pytest.mark.postgres
def test_an_event_of_another_transaction_changes_no_amount() -> None:
    ticket = make()
    with operation("x", actor=ASHA, stream=str(ticket.id)) as op:
        op.record(ticket, "checkout.changed")
    with refused("with its event only"):
        sql("UPDATE door_ticket SET seats = 2 WHERE id = %s", raw(ticket))


def test_events_are_append_only() -> None:
    """F54."""
    make()
    with refused("append-only"):
        Event.objects.update(actor_id="nobody")
    with refused("append-only"):
        sql("DELETE FROM timeline_event")
    if connection.vendor == "postgresql":
        with refused("append-only"):
            sql("TRUNCATE timeline_event CASCADE")
    else:
        with refused("such a row already"):
            sql("INSERT OR REPLACE INTO timeline_event SELECT * FROM timeline_event")
        with refused("such a row already"):
            sql("INSERT OR REPLACE INTO door_ticket SELECT * FROM door_ticket")


def test_an_event_gets_its_position_once_and_nothing_with_it() -> None:
    make()
    with refused("append-only"):
        Event.objects.update(position=1, actor_id="8")
    Event.objects.update(position=1)
    with refused("append-only"):
        Event.objects.update(position=2)


def test_append_only_rows_stay() -> None:
    with operation("x", actor=ASHA):
        Line.objects.create(text="a")
    with refused("append-only"):
        Line.objects.update(text="b")
    with refused("append-only"):
        Line.objects.all().delete()


def test_rollback_leaves_no_event_no_delivery_and_no_number() -> None:
    ticket = make()
    with pytest.raises(ZeroDivisionError), operation("x", actor=ASHA, stream=str(ticket.id)) as op:
        advance(op, ticket.confirm)
        1 / 0  # noqa: B018
    assert (Event.objects.count(), Stream.objects.get().seq) == (1, 1)
    assert Ticket.objects.get().status == "pending"


def test_ids_of_one_operation_sort_as_they_were_made() -> None:
    with operation("ticket.count", actor=ASHA) as op:
        made = [op.new_id() for _ in range(200)]
    assert made == sorted(made)
    assert len({pk.int >> 80 for pk in made}) == 1  # all of one moment


def test_operations_do_not_nest_and_streams_must_be_locked() -> None:
    ticket = make()
    with operation("a", actor=ASHA), pytest.raises(OperationNested), operation("b", actor=ASHA):
        pass
    with pytest.raises(OperationRequired), operation("a", actor=ASHA, stream="other") as op:
        advance(op, ticket.confirm, stream=str(ticket.id))


def test_the_refusal_names_what_is_allowed() -> None:
    ticket = make()
    with operation("x", actor=ASHA, stream=str(ticket.id)) as op:
        advance(op, ticket.confirm)
    with pytest.raises(TransitionRefused) as caught, operation("x", actor=ASHA, stream=str(ticket.id)) as op:
        advance(op, ticket.confirm)
    assert caught.value.extra["allowed"] == ["cancel"]


def test_facts_are_no_place_for_people_floats_or_unknown_words() -> None:
    ticket = make()
    cases: list[tuple[dict[str, Any], type[Exception]]] = [({"email": "a@b.in"}, PersonalFact), ({"to": {"phone": "1"}}, PersonalFact), ({"x": 1.5}, TypeError)]
    for facts, error in cases:
        with pytest.raises(error), operation("x", actor=ASHA, stream=str(ticket.id)) as op:
            op.record(ticket, "note.added", facts=facts)
    with pytest.raises(UnknownKind), operation("x", actor=ASHA, stream=str(ticket.id)) as op:
        op.record(ticket, "ticket.unheard_of")


@pytest.mark.parametrize("state", ["pending", "confirmed", "cancelled"])
@pytest.mark.parametrize("verb", ["confirm", "cancel"])
def test_every_pair_of_state_and_verb(state: str, verb: str) -> None:
    table = {("pending", "confirm"), ("pending", "cancel"), ("confirmed", "cancel")}
    assert (verb in {step.verb for step in machine(Ticket).from_state(state)}) is ((state, verb) in table)


def test_the_same_key_gives_the_same_answer_and_another_body_is_refused() -> None:
    """F12, F14."""

    def act(body: bytes) -> None:
        key = Key(scope="t", key="k-12345678", fingerprint=fingerprint("POST", "/x", body))
        with operation("x", actor=ASHA, stream="s", key=key) as op:
            Line.objects.create(text=body.decode())
            op.answer(201, b'{"ok":1}', {"ETag": '"1"'})

    act(b"one")
    with pytest.raises(Replayed) as caught:
        act(b"one")
    assert (caught.value.status, caught.value.body, caught.value.headers) == (201, b'{"ok":1}', {"ETag": '"1"'})
    with pytest.raises(KeyReused):
        act(b"two")
    assert list(Line.objects.values_list("text", flat=True)) == ["one"]


def test_a_refusal_rolls_the_receipt_back() -> None:
    key = Key(scope="t", key="k-12345678", fingerprint=b"f")
    with pytest.raises(TransitionRefused), operation("x", actor=ASHA, key=key):
        raise TransitionRefused
    assert not Receipt.objects.exists()
    with pytest.raises(RuntimeError, match="must answer"), operation("x", actor=ASHA, key=key):
        pass


def test_triggers_are_there_after_a_flush_and_after_a_migrate() -> None:
    """Note [SQLite forgets]."""
    assert triggers.missing() == []
    triggers.drop()
    assert triggers.missing() != []
    call_command("migrate", verbosity=0)
    assert triggers.missing() == []


def test_the_guard_is_found_missing_by_the_system_check() -> None:
    from timeline.checks import triggers_present

    assert triggers_present(databases=["default"]) == []
    triggers.drop()
    assert {message.id for message in triggers_present(databases=["default"])} == {"timeline.E002"}
    triggers.attach()


def test_story_streams_count_without_gap() -> None:
    ticket = make()
    for _ in range(3):
        with operation("x", actor=ASHA, stream=str(ticket.id)) as op:
            op.record(ticket, "note.added")
            op.record(ticket, "note.added")
    assert list(Event.objects.order_by("id").values_list("stream_seq", flat=True)) == [1, 2, 3, 4, 5, 6, 7]
    assert Stream.objects.get().at <= timezone.now()
    assert not Delivery.objects.exists()


def test_a_duplicate_place_in_a_story_is_refused() -> None:
    make()
    event = Event.objects.get()
    event.pk = None
    with pytest.raises(IntegrityError), transaction.atomic():
        event.save(force_insert=True)
