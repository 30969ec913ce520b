"""Changes of placed orders: prepared, shown, committed or dropped."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from drf_spectacular.utils import extend_schema

from orders import queries
from orders.api.edit_shapes import EditPage, EditShape, edit_row
from orders.api.inputs import CommitInput, EditInput
from orders.api.shapes import OrderShape
from orders.api.views import OrderWrite, StaffView, shown
from orders.models import OrderEdit
from orders.operations import edit
from timeline.api.paging import paged
from timeline.api.query import Query
from timeline.api.wire import camel
from timeline.errors import BadRequest, Missing

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from uuid import UUID

    from django.http import HttpResponse
    from rest_framework.request import Request

_WRITES = {"GET": "orders:read", "POST": "orders:write", "PATCH": "orders:write", "DELETE": "orders:write"}


class EditsView(OrderWrite, StaffView):
    """`/admin/orders/{id}/edits`."""

    required_scopes: ClassVar = _WRITES
    takes_if_match = True

    @extend_schema(operation_id="admin_edits_list", parameters=[Query], responses={200: EditPage})
    def get(self, request: Request, order_id: str) -> HttpResponse:
        """List the order's changes, newest first."""
        wish = Query.parse(request.query_params)
        pk = self.order_id(order_id)
        page = paged(
            OrderEdit.objects.filter(order_id=pk), order=("-created_at", "-id"), page=wish["page"], limit=wish["limit"],
            cursor=wish["cursor"],
        )
        person = queries.person_of(pk)
        return shown(page.envelope([edit_row(found, person) for found in page.rows]))

    @extend_schema(operation_id="admin_edit_stage", request=EditInput, responses={201: EditShape})
    def post(self, request: Request, order_id: str) -> HttpResponse:
        """Prepare a change and say what it would come to; nothing is changed or held yet."""
        wish = edit.Wish(**_wish(EditInput.parse(request.data)))
        pk = self.order_id(order_id)
        return self.write("order.stage_edit", pk, lambda op: edit.stage(op, order_id=pk, wish=wish), status=201, row=_row)


class EditView(OrderWrite, StaffView):
    """`/admin/orders/{id}/edits/{editId}`."""

    required_scopes: ClassVar = _WRITES
    takes_if_match = True

    @extend_schema(operation_id="admin_edit_read", responses={200: EditShape})
    def get(self, request: Request, order_id: str, edit_id: str) -> HttpResponse:  # noqa: ARG002
        """Read one change as it was last shown."""
        pk = self.order_id(order_id)
        found = OrderEdit.objects.filter(order_id=pk, pk=queries.uuid_of(edit_id)).first()
        if found is None:
            raise Missing
        return shown(edit_row(found, queries.person_of(pk)))

    @extend_schema(operation_id="admin_edit_change", request=EditInput, responses={200: EditShape})
    def patch(self, request: Request, order_id: str, edit_id: str) -> HttpResponse:
        """Prepare it otherwise: what is named replaces what was wished; an empty object shows it anew."""
        changes = _wish(EditInput.parse(request.data))
        pk, edit_pk = self.order_id(order_id), queries.uuid_of(edit_id)
        return self.write(
            "order.change_edit", pk, lambda op: edit.change(op, order_id=pk, edit_id=edit_pk, changes=changes), row=_row
        )

    @extend_schema(operation_id="admin_edit_discard", request=None, responses={200: EditShape})
    def delete(self, request: Request, order_id: str, edit_id: str) -> HttpResponse:  # noqa: ARG002
        """Drop a prepared change."""
        pk, edit_pk = self.order_id(order_id), queries.uuid_of(edit_id)
        return self.write("order.discard_edit", pk, lambda op: edit.discard(op, order_id=pk, edit_id=edit_pk), row=_row)


class CommitView(OrderWrite, StaffView):
    """`/admin/orders/{id}/edits/{editId}/commit`."""

    takes_if_match = True

    @extend_schema(operation_id="admin_edit_commit", request=CommitInput, responses={200: OrderShape})
    def post(self, request: Request, order_id: str, edit_id: str) -> HttpResponse:
        """Make the order what the change says, exactly as it was shown; the answer is the order.

        409 when it would come to something else meanwhile: `PATCH` it with an empty object and look again.
        """
        balance_minor = CommitInput.parse(request.data)["expected_balance"]
        pk, edit_pk = self.order_id(order_id), queries.uuid_of(edit_id)
        return self.write(
            "order.commit_edit", pk,
            lambda op: edit.commit(op, order_id=pk, edit_id=edit_pk, expected_balance_minor=balance_minor),
        )


def _wish(asked: Mapping[str, Any]) -> dict[str, Any]:
    """The parts of a wish that were named."""
    wish: dict[str, Any] = {}
    if "add" in asked:
        wish["add"] = tuple((row["sku"], row["quantity"]) for row in asked["add"])
    if "quantities" in asked:
        wish["quantities"] = _units(asked["quantities"])
    if "discount_amount" in asked:
        wish["discount_minor"] = asked["discount_amount"]
    wish |= {name: _wire(asked[f"{name}_address"]) for name in ("shipping", "billing") if f"{name}_address" in asked}
    return wish


def _units(rows: Sequence[Mapping[str, Any]]) -> dict[UUID, int]:
    units: dict[UUID, int] = {}
    for place, row in enumerate(rows):
        if row["order_item_id"] in units:
            raise BadRequest(errors=[(f"#/quantities/{place}/orderItemId", "This item is named twice.")])
        units[row["order_item_id"]] = row["quantity"]
    return units


def _wire(address: Mapping[str, Any] | None) -> dict[str, Any] | None:
    return {camel(part): text for part, text in address.items()} if address else None


def _row(_: Any, found: OrderEdit) -> dict[str, Any]:
    return edit_row(found, queries.person_of(found.order_id))
