"""Tell customers, and staff what they waited for: each message once per event and medium."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

from inventory.models import OutsideDispatch
from orders import ticket_queries, warehouses
from orders.channels import notices, telling
from orders.models import Message, Order
from orders.notifications import help_desks, ready, watched
from orders.notifications.messages import TEMPLATES, TO_STAFF, Text, staff_text, texts
from orders.notifications.providers import provider
from orders.operations import tickets
from orders.reconciliation import picking, runs
from timeline.actors import system
from timeline.models import Export
from timeline.operations import operation
from timeline.subscriptions import exchange

if TYPE_CHECKING:
    from timeline.models import Event

MESSENGER = system("messages")


@exchange(*TEMPLATES)
def tell_customer(event: Event, delivery_id: int) -> None:
    """Write the message down, send it, mark it sent. A repeat after a crash sends with the same key."""
    order = _order_of(event)
    if order is None:
        return
    for text in texts(event, order):
        _tell(event, text, delivery_id, order)


@exchange("export.ready")
def tell_requester(event: Event, delivery_id: int) -> None:
    """Who waits for an export, of every month or a long one, is told by mail that it is there."""
    text = ready.text_of(Export.objects.select_related("schedule").get(pk=event.subject_uuid))
    if text is not None:
        _tell(event, text, delivery_id, None)


@exchange("saved_view.alerted", "saved_view.recovered")
def tell_watcher(event: Event, delivery_id: int) -> None:
    """Who watches a view hears that too many orders are in it, and that it is over."""
    text = watched.text_of(event)
    if text is not None:
        _tell(event, text, delivery_id, None)


@exchange(*TO_STAFF)
def tell_staff(event: Event, delivery_id: int) -> None:
    """A notice to the shop's own address, when it has one."""
    text = staff_text(event)
    if text is not None:
        _tell(event, text, delivery_id, None)


@exchange("channel_notice.taken")
def read_channel_notice(event: Event, delivery_id: int) -> None:
    """Take in what a channel's message is about; a thin one is asked for. Read twice it changes nothing."""
    del delivery_id
    notices.read(event.subject_uuid)


@exchange("shipment.shipped")
def tell_channel(event: Event, delivery_id: int) -> None:
    """A parcel of a channel's order left: its channel hears the number."""
    del delivery_id
    telling.tell_shipped(event)


@exchange("ticket.opened", "ticket.written", "ticket.closed", "ticket.reopened")
def tell_help_desk(event: Event, delivery_id: int) -> None:
    """A help desk elsewhere hears of tickets; told twice it sees the same id. What it calls the ticket is kept."""
    ticket = ticket_queries.one(UUID(event.subject_id))
    reference = help_desks.help_desk().tell(help_desks.telling(event, ticket), key=f"ticket-{delivery_id}")
    if reference and reference != ticket.desk_ref:
        with operation("ticket.note_desk", actor=MESSENGER, stream=event.stream) as op:
            tickets.note_desk(op, ticket_id=ticket.pk, reference=reference)


@exchange("fulfilment.short")
def raise_exception(event: Event, delivery_id: int) -> None:
    """What was not on its shelf becomes a case at once; told twice it is one case."""
    del delivery_id
    runs.raise_now(picking.of_fulfilment(UUID(event.subject_id)))


@exchange("warehouse.dispatched")
def hand_over_elsewhere(event: Event, delivery_id: int) -> None:  # noqa: ARG001 a repeat finds the parcel gone
    """An external warehouse says that a parcel left. No transaction is open: the order's own story is locked, and only it."""
    warehouses.hand_over(OutsideDispatch.objects.select_related("warehouse").get(pk=event.subject_uuid))


def _tell(event: Event, text: Text, delivery_id: int, order: Order | None) -> None:
    """A repeat after a crash sends with the same key."""
    message = _ask(event, order, text)
    if message.state != "sent":
        provider(text.medium).send(text, key=f"{delivery_id}-{text.template}-{text.medium}")
        _sent(event.stream, message)


def _ask(event: Event, order: Order | None, text: Text) -> Message:
    with operation("message.ask", actor=MESSENGER) as op:
        known = Message.objects.filter(event_id=event.pk, template=text.template, medium=text.medium).first()
        if known is not None:
            return known
        message = Message(
            id=op.new_id(), order=order, person=order.person if order is not None else None, event_id=event.pk,
            template=text.template, medium=text.medium, created_at=op.now,
        )
        message.sealed = message.seal({"to": text.to, "subject": text.subject, "body": text.body})
        message.save(force_insert=True)
        return message


def _sent(story: str, message: Message) -> None:
    with operation("message.send", actor=MESSENGER, stream=story) as op:
        if Message.objects.filter(pk=message.pk, state="asked").update(state="sent", sent_at=op.now):
            op.record(message, "message.sent", facts={"medium": message.medium, "message": message.template})


def _order_of(event: Event) -> Order | None:
    try:
        order_id = UUID(event.stream)
    except ValueError:
        return None
    return Order.objects.select_related("person__key").filter(pk=order_id).first()
