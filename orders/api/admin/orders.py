"""Orders, as staff see and move them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, ClassVar

from django.utils import timezone
from drf_spectacular.utils import PolymorphicProxySerializer, extend_schema, extend_schema_view

from orders import as_of, finding, listing, queries, searching, viewing
from orders.api import keeping, shapes
from orders.api.admin.filters import search_of, spoken
from orders.api.as_of_rows import InstantQuery, InstantShape, instant_row
from orders.api.event_rows import event_rows, timeline_page
from orders.api.inputs import HoldInput, NoteInput, NoteTextInput, OrdersQuery, ProofQuery, StatusInput, TimelineQuery
from orders.api.proof_shapes import ProofShape
from orders.api.rows import hold_row, listed_row, order_row
from orders.api.views import OrderWrite, StaffView, shown
from orders.models import OrderHold, Person
from orders.operations import holds, notes, step
from timeline.api.paging import paged
from timeline.errors import TransitionRefused
from timeline.log import proof

if TYPE_CHECKING:
    from collections.abc import Mapping
    from uuid import UUID

    from django.http import HttpResponse
    from rest_framework.request import Request

    from timeline.models import Event

_CODE = re.compile(r"[a-z][a-z_]{1,19}")


class OrdersView(StaffView):
    """`/admin/orders`."""

    @extend_schema(operation_id="admin_orders_list", parameters=[OrdersQuery], responses={200: shapes.StaffOrderPage})
    def get(self, request: Request) -> HttpResponse:
        """Search orders."""
        wish = OrdersQuery.parse(request.query_params)
        wish["q"] = spoken(request, wish["q"])
        search, sort = search_of(wish), wish["sort"]

        def page() -> dict[str, Any]:
            order = (sort, "-id" if sort.startswith("-") else "id")
            every = searching.search(search)
            found = paged(
                listing.columns(every, as_staff=True), order=order, page=wish["page"], limit=wish["limit"], cursor=wish["cursor"],
                counted=every, parts=searching.apart(search, order=order),
            )
            return found.envelope([listed_row(order, as_staff=True) for order in listing.whole(found.rows, as_staff=True)])

        return keeping.list_answer(
            "orders", audience=keeping.staff_audience(request), about=wish, make=page, may_keep=not finding.asks_the_clock(wish["q"])
        )


class OrderView(StaffView):
    """`/admin/orders/{id}`."""

    @extend_schema(
        operation_id="admin_order_read", parameters=[InstantQuery],
        responses={200: PolymorphicProxySerializer("OrderThenOrNow", [shapes.OrderShape, InstantShape], None)},
    )
    def get(self, request: Request, order_id: str) -> HttpResponse:
        """Read one order in full; with `asOf` or `known` as it stood, or was known, at that instant."""
        wish = InstantQuery.parse(request.query_params)
        if wish["as_of"] is not None or wish["known"] is not None:
            then = as_of.view(self.order_id(order_id), as_of=wish["as_of"], known=wish["known"])
            self._record_view(then.order.person, then.order.pk)
            return shown(instant_row(then))
        head = keeping.head_of(order_id)
        self._record_view(Person(pk=head.person_id), head.pk)
        return keeping.order_answer(
            head, audience=keeping.staff_audience(request), kind="order", about=None, is_versioned=True,
            make=lambda: order_row(queries.detail(head.pk), as_staff=True),
        )

    def _record_view(self, person: Person, order_id: UUID) -> None:
        """Who sees customers masked has seen nobody."""
        if self.sees_customers():
            viewing.record(person, actor=self.actor(), what="order_api", now=timezone.now(), order_id=order_id)


class TimelineView(StaffView):
    """`/admin/orders/{id}/timeline`."""

    @extend_schema(operation_id="admin_order_timeline", parameters=[TimelineQuery], responses={200: shapes.EventPage})
    def get(self, request: Request, order_id: str) -> HttpResponse:
        """List all events of the order, oldest first."""
        wish, head = TimelineQuery.parse(request.query_params), keeping.head_of(order_id)
        return keeping.order_answer(
            head, audience=keeping.staff_audience(request), kind="timeline", about=wish,
            make=lambda: timeline_page(head.pk, wish, as_staff=True),
        )


class ProofView(StaffView):
    """`/admin/orders/{id}/proof`."""

    @extend_schema(operation_id="admin_order_proof", parameters=[ProofQuery], responses={200: ProofShape})
    def get(self, request: Request, order_id: str) -> HttpResponse:
        """Prove the order's history: a file that `timeline/verifier.py` checks offline."""
        wish = ProofQuery.parse(request.query_params)
        return shown(proof.bundle(str(self.order_id(order_id)), since=wish["since"]))


class StatusView(OrderWrite, StaffView):
    """`/admin/orders/{id}/status`."""

    required_scopes: ClassVar = {"PATCH": "orders:write"}
    takes_if_match = True

    @extend_schema(operation_id="admin_order_set_status", request=StatusInput, responses={200: shapes.OrderShape})
    def patch(self, request: Request, order_id: str) -> HttpResponse:
        """Take the order one step on, or cancel it; one answer, when all that follows is done."""
        wish = StatusInput.parse(request.data)
        pk = self.order_id(order_id)
        try:
            return self.write("order.set_status", pk, lambda op: step.take(op, order_id=pk, **wish))
        except TransitionRefused as refusal:
            raise step.refused(order_id=pk) from refusal


class NotesView(OrderWrite, StaffView):
    """`/admin/orders/{id}/notes`."""

    required_scopes: ClassVar = {"POST": "notes:write"}
    takes_if_match = True

    @extend_schema(operation_id="admin_order_note", request=NoteInput, responses={201: shapes.EventShape})
    def post(self, request: Request, order_id: str) -> HttpResponse:
        """Write a note, for staff alone or for the customer too."""
        wish = NoteInput.parse(request.data)
        pk = self.order_id(order_id)
        return self.write(
            "order.note", pk, lambda op: notes.add(op, order_id=pk, **wish), status=201,
            row=lambda _, event: _event_row(event, pk),
        )


class NoteView(OrderWrite, StaffView):
    """`/admin/orders/{id}/notes/{noteId}`."""

    required_scopes: ClassVar = {"PATCH": "notes:write", "DELETE": "notes:write"}
    takes_if_match = True

    @extend_schema(operation_id="admin_order_note_correct", request=NoteTextInput, responses={200: shapes.EventShape})
    def patch(self, request: Request, order_id: str, note_id: str) -> HttpResponse:
        """Correct a note of one's own with a further entry; a system entry is never changed (409)."""
        wish = NoteTextInput.parse(request.data)
        pk, entry = self.order_id(order_id), queries.uuid_of(note_id)
        return self.write(
            "order.correct_note", pk, lambda op: notes.correct(op, order_id=pk, entry_id=entry, **wish),
            row=lambda _, event: _event_row(event, pk),
        )

    @extend_schema(operation_id="admin_order_note_retract", request=None, responses={200: shapes.EventShape})
    def delete(self, request: Request, order_id: str, note_id: str) -> HttpResponse:  # noqa: ARG002
        """Take a note of one's own back with a further entry; a system entry is never deleted (409)."""
        pk, entry = self.order_id(order_id), queries.uuid_of(note_id)
        return self.write(
            "order.retract_note", pk, lambda op: notes.retract(op, order_id=pk, entry_id=entry),
            row=lambda _, event: _event_row(event, pk),
        )


@extend_schema_view(
    patch=extend_schema(operation_id="admin_order_entry_correct"), delete=extend_schema(operation_id="admin_order_entry_retract")
)
class EntryView(NoteView):
    """`/admin/orders/{id}/timeline/{eventId}`: the same, of any entry of the list (E7, E10)."""


class HoldsView(OrderWrite, StaffView):
    """`/admin/orders/{id}/holds`."""

    takes_if_match = True

    @extend_schema(operation_id="admin_order_hold", request=HoldInput, responses={201: shapes.HoldShape})
    def post(self, request: Request, order_id: str) -> HttpResponse:
        """Put the order on hold: nothing moves forward until a person says go."""
        reason, note = _said(HoldInput.parse(request.data))
        pk = self.order_id(order_id)
        return self.write(
            "order.hold", pk, lambda op: holds.hold(op, order_id=pk, reason=reason, note=note), status=201,
            row=lambda _, hold: hold_row(hold, hold.order.person),
        )


class HoldView(OrderWrite, StaffView):
    """`/admin/orders/{id}/holds/{holdId}`."""

    required_scopes: ClassVar = {"DELETE": "orders:write"}
    takes_if_match = True

    @extend_schema(operation_id="admin_order_release", request=None, responses={200: shapes.HoldShape})
    def delete(self, request: Request, order_id: str, hold_id: str) -> HttpResponse:  # noqa: ARG002
        """Release one hold."""
        pk, hold_pk = self.order_id(order_id), queries.uuid_of(hold_id)
        return self.write(
            "order.release", pk, lambda op: holds.release(op, order_id=pk, hold_id=hold_pk),
            row=lambda _, hold: hold_row(hold, queries.person_of(pk)),
        )


def _said(wish: Mapping[str, Any]) -> tuple[str, str | None]:
    """A reason that is a code is kept as one; in words it is sealed with the note."""
    reason, note = wish["reason"], wish["note"]
    if reason in OrderHold.Reason.values or _CODE.fullmatch(reason):
        return reason, note
    return OrderHold.Reason.OTHER, f"{reason}\n{note}" if note else reason


def _event_row(event: Event, order_id: UUID) -> dict[str, Any]:
    (row,) = event_rows([event], order_id=order_id, person=queries.person_of(order_id), as_staff=True)
    return row
