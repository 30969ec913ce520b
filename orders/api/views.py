"""What the views of both faces share: who may call, whose order it is, how an order is answered."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Any, ClassVar, cast

import orjson
from django.http import HttpResponse
from rest_framework.views import APIView

from orders import allowing, masking, queries
from orders.api.authentication import Caller, Customer, CustomerAuthentication, customer_actor
from orders.api.rows import order_row
from timeline import rights
from timeline.api.answers import answered, encode, etag
from timeline.api.authentication import ApiKeyAuthentication, StaffSessionAuthentication, staff_actor
from timeline.api.keys import key_of, match
from timeline.api.permissions import Staff
from timeline.errors import BadRequest
from timeline.operations import operation
from timeline.retries import retried

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from uuid import UUID

    from rest_framework.request import Request

    from orders.queries import OrderDetail
    from timeline.actors import Actor
    from timeline.operations import Operation


class StorefrontView(APIView):
    """Called by customers and guests; staff and API keys are known here, and not allowed."""

    authentication_classes = [ApiKeyAuthentication, CustomerAuthentication, StaffSessionAuthentication]
    permission_classes = [Customer]
    as_staff: ClassVar[bool] = False

    def caller(self) -> Caller:
        """The customer or guest."""
        return cast("Caller", self.request.user)

    def actor(self) -> Actor:
        """Who acts."""
        return customer_actor(self.request)

    def order_id(self, text: str) -> UUID:
        """The caller's own order of this id or number. Raises Missing, also for somebody else's."""
        return queries.id_of(text, person_id=self.caller().person_id)


class StaffView(APIView):
    """Called by staff and by API keys with the scope."""

    authentication_classes = [ApiKeyAuthentication, StaffSessionAuthentication, CustomerAuthentication]
    permission_classes = [Staff]
    required_scopes: ClassVar[dict[str, str]] = {"GET": "orders:read", "POST": "orders:write"}
    as_staff: ClassVar[bool] = True
    masks: ClassVar[bool] = True

    def actor(self) -> Actor:
        """Who acts."""
        return staff_actor(self.request)

    def order_id(self, text: str) -> UUID:
        """The order of this id or number. Raises Missing."""
        return queries.id_of(text)

    def finalize_response(self, request: Request, response: Any, *args: Any, **kwargs: Any) -> Any:
        """What is answered, masked for who may not see customers, and telling of what the caller may do alone.

        Here and not in each row, so that none is forgotten; an answer that was kept for a repeat comes by here too.
        """
        done = super().finalize_response(request, response, *args, **kwargs)
        is_json = isinstance(done, HttpResponse) and done.headers.get("Content-Type", "").startswith("application/json")
        if not is_json or done.status_code >= HTTPStatus.BAD_REQUEST:
            return done
        is_masked = self.masks and not self.sees_customers()
        held = rights.of(self.request)
        is_narrow = not held >= allowing.EVERY and allowing.KEY.encode() in done.content
        if is_masked or is_narrow:
            content = orjson.loads(done.content)
            content = allowing.narrowed(content, held) if is_narrow else content
            done.content = encode(masking.answer(content) if is_masked else content)
        return done

    def sees_customers(self) -> bool:
        """Whether the caller sees people in full."""
        return masking.sees_customers(self.request.user, getattr(self.request.auth, "scopes", None))


class OrderWrite(APIView):
    """Run one operation on one order and answer: the key, the version and the retries are the same for all."""

    as_staff: ClassVar[bool]
    actor: Callable[[], Actor]
    key_required: ClassVar[bool] = False

    @retried
    def write(
        self, name: str, order_id: UUID, act: Callable[[Operation], Any],
        *, status: int = 200, row: Callable[[Operation, Any], Any] | None = None,
    ) -> HttpResponse:
        """Act inside the operation and answer with `row` of what came of it, or with the whole order."""
        actor = self.actor()
        story = str(order_id)
        key = key_of(self.request, actor, required=self.key_required)
        with operation(name, actor=actor, stream=story, key=key) as op:
            match(self.request, op, story)
            done = act(op)
            if row is not None:
                return answered(op, status, row(op, done), etag(op.version(story)))
            return answered_order(op, status, queries.detail_within(op, order_id), as_staff=self.as_staff)


def answered_order(op: Operation, status: int, detail: OrderDetail, *, as_staff: bool) -> HttpResponse:
    """The order as the operation leaves it, with its ETag."""
    return answered(op, status, order_row(detail, as_staff=as_staff), etag(detail.version))


def shown_order(detail: OrderDetail, *, as_staff: bool) -> HttpResponse:
    """The order as it is, with its ETag."""
    return shown(order_row(detail, as_staff=as_staff), etag(detail.version))


def shown(data: Any, headers: Mapping[str, str] | None = None) -> HttpResponse:
    """The answer of a read."""
    return HttpResponse(encode(data), content_type="application/json", headers=dict(headers or {}))


def units_of(items: Sequence[Mapping[str, Any]] | None) -> dict[UUID, int] | None:
    """Units by line of `[{orderItemId, quantity}]`. Raises BadRequest for a line that is named twice."""
    if items is None:
        return None
    units: dict[UUID, int] = {}
    for place, item in enumerate(items):
        if item["order_item_id"] in units:
            raise BadRequest(errors=[(f"#/items/{place}/orderItemId", "This item is named twice.")])
        units[item["order_item_id"]] = item["quantity"]
    return units
