"""A customer's own returns: ask, look, call off, send pictures."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema

from orders import queries, return_queries
from orders.api import return_shapes
from orders.api.inputs import Nothing
from orders.api.photos import PictureParser
from orders.api.return_inputs import ReturnInput
from orders.api.return_rows import return_row
from orders.api.views import OrderWrite, StorefrontView, shown
from orders.documents.served import label_response, picture_response
from orders.operations import return_pickup, returns
from timeline.errors import BadRequest, Missing

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from uuid import UUID

    from django.http import HttpResponse
    from rest_framework.request import Request

    from orders.models import Return


class ReturnsView(OrderWrite, StorefrontView):
    """`/storefront/orders/{id}/returns`."""

    takes_if_match = True

    @extend_schema(operation_id="storefront_returns_list", responses={200: return_shapes.ReturnList})
    def get(self, request: Request, order_id: str) -> HttpResponse:  # noqa: ARG002
        """List the order's returns, oldest first."""
        pk = self.order_id(order_id)
        person = queries.person_of(pk)
        return shown({"data": [return_row(ret, person, as_staff=False) for ret in return_queries.of_order(pk)]})

    @extend_schema(
        operation_id="storefront_return_ask", request=ReturnInput, responses={201: return_shapes.ReturnShape}
    )
    def post(self, request: Request, order_id: str) -> HttpResponse:
        """Ask to send units back; the shop, or its rule, approves. 422 names the rule that does not hold, item by item."""
        wish = ReturnInput.parse(request.data)
        items = items_of(wish.pop("items"))
        pk = self.order_id(order_id)
        return self.write(
            "return.request", pk, lambda op: returns.ask(op, order_id=pk, items=items, **wire_address(wish)),
            status=201, row=lambda _, done: row_of(done, as_staff=False),
        )


class ReturnView(StorefrontView):
    """`/storefront/orders/{id}/returns/{returnId}`."""

    @extend_schema(operation_id="storefront_return_read", responses={200: return_shapes.ReturnShape})
    def get(self, request: Request, order_id: str, return_id: str) -> HttpResponse:  # noqa: ARG002
        """Read one return."""
        pk, _ = return_queries.ids_of(return_id, order_id=self.order_id(order_id))
        found = return_queries.one(pk)
        return shown(return_row(found, found.order.person, as_staff=False))


class CancelView(OrderWrite, StorefrontView):
    """`/storefront/orders/{id}/returns/{returnId}/cancel`."""

    takes_if_match = True

    @extend_schema(operation_id="storefront_return_cancel", request=Nothing, responses={200: return_shapes.ReturnShape})
    def post(self, request: Request, order_id: str, return_id: str) -> HttpResponse:
        """Keep the goods after all, as long as nobody fetched them."""
        Nothing.parse(request.data)
        ret_id, pk = return_queries.ids_of(return_id, order_id=self.order_id(order_id))
        return self.write(
            "return.cancel", pk, lambda op: return_pickup.cancel(op, return_id=ret_id),
            row=lambda _, done: row_of(done, as_staff=False),
        )


class LabelView(StorefrontView):
    """`/storefront/orders/{id}/returns/{returnId}/label`."""

    @extend_schema(operation_id="storefront_return_label", responses={(200, "application/pdf"): OpenApiTypes.BINARY})
    def get(self, request: Request, order_id: str, return_id: str) -> HttpResponse:  # noqa: ARG002
        """Fetch the label for the parcel that brings the goods back."""
        ret_id, _ = return_queries.ids_of(return_id, order_id=self.order_id(order_id))
        return label_response(return_queries.label(ret_id))


class PhotosView(OrderWrite, StorefrontView):
    """`/storefront/orders/{id}/returns/{returnId}/photos`."""

    parser_classes = [PictureParser]

    @extend_schema(
        operation_id="storefront_return_photo_add",
        request=dict.fromkeys(("image/jpeg", "image/png", "image/webp"), OpenApiTypes.BINARY),
        responses={201: return_shapes.ReturnShape},
    )
    def post(self, request: Request, order_id: str, return_id: str) -> HttpResponse:
        """Add a picture (JPEG, PNG or WebP, at most 5 MiB, at most five); the same picture twice is one."""
        ret_id, pk = return_queries.ids_of(return_id, order_id=self.order_id(order_id))
        sent: Any = request.data
        data = sent if isinstance(sent, bytes) else b""
        return self.write(
            "return.photo", pk, lambda op: returns.add_photo(op, return_id=ret_id, data=data),
            status=201, row=lambda _, done: row_of(done.ret, as_staff=False),
        )


class PhotoView(StorefrontView):
    """`/storefront/orders/{id}/returns/{returnId}/photos/{place}`."""

    @extend_schema(
        operation_id="storefront_return_photo_read",
        responses={(200, media): OpenApiTypes.BINARY for media in ("image/jpeg", "image/png", "image/webp")},
    )
    def get(self, request: Request, order_id: str, return_id: str, place: str) -> HttpResponse:  # noqa: ARG002
        """Fetch one picture."""
        ret_id, _ = return_queries.ids_of(return_id, order_id=self.order_id(order_id))
        return picture_response(return_queries.photo(return_id=ret_id, place=place_of(place)))


def items_of(rows: Sequence[Mapping[str, Any]]) -> list[returns.Item]:
    """The items that come back. Raises BadRequest for one that is named twice, or for none."""
    if not rows:
        raise BadRequest(errors=[("#/items", "Name the items that come back.")])
    seen: set[UUID] = set()
    for place, row in enumerate(rows):
        if row["order_item_id"] in seen:
            raise BadRequest(errors=[(f"#/items/{place}/orderItemId", "This item is named twice.")])
        seen.add(row["order_item_id"])
    return [returns.Item(row["order_item_id"], row["quantity"], row["reason"], row["condition"]) for row in rows]


def wire_address(wish: Mapping[str, Any]) -> dict[str, Any]:
    """The wish with its address in the words of the API again."""
    address = wish["pickup_address"]
    if address is None:
        return dict(wish)
    renamed = {"postalCode" if key == "postal_code" else key: value for key, value in address.items()}
    return {**wish, "pickup_address": renamed}


def place_of(text: str) -> int:
    """The place of a picture. Raises Missing."""
    if not (text.isascii() and text.isdecimal() and len(text) == 1):
        raise Missing
    return int(text)


def row_of(ret: Return, *, as_staff: bool) -> dict[str, Any]:
    """The return as the operation leaves it."""
    found = return_queries.one(ret.pk)
    return return_row(found, found.order.person, as_staff=as_staff)
