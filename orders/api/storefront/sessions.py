"""Signing in, told to the shop: what a guest had comes along (C15 to C17)."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from drf_spectacular.utils import extend_schema
from rest_framework.exceptions import AuthenticationFailed, PermissionDenied

from orders.api import shapes
from orders.api.authentication import caller_of_token
from orders.api.inputs import GuestTransferInput, Nothing
from orders.api.views import StorefrontView
from orders.operations import identify
from timeline.actors import CUSTOMER, GUEST
from timeline.api.answers import answered
from timeline.api.keys import key_of
from timeline.operations import operation
from timeline.retries import retried

if TYPE_CHECKING:
    from django.http import HttpResponse
    from rest_framework.request import Request

    from orders.operations.identify import Transferred


class SessionView(StorefrontView):
    """Called by customers; a guest has nobody to be identified as."""

    def customer_id(self) -> Any:
        """The customer. Raises PermissionDenied for a guest."""
        if self.caller().kind != CUSTOMER:
            raise PermissionDenied("A guest is not signed in.")
        return self.caller().person_id


class SessionsView(SessionView):
    """`/storefront/me/sessions`."""

    @extend_schema(operation_id="storefront_session_identified", request=Nothing, responses={201: shapes.SessionShape})
    @retried
    def post(self, request: Request) -> HttpResponse:
        """Say that the customer has signed in; `X-Session-Id` names the session."""
        Nothing.parse(request.data)
        customer_id, actor = self.customer_id(), self.actor()
        with operation("session.identify", actor=actor, key=key_of(request, actor)) as op:
            identify.identify(op, customer_id=customer_id)
            return answered(op, 201, {"customerId": customer_id, "sessionId": actor.session_id or None})


class TransferView(SessionView):
    """`/storefront/me/transfer`."""

    @extend_schema(operation_id="storefront_guest_transfer", request=GuestTransferInput, responses={200: shapes.GuestTransferShape})
    @retried
    def post(self, request: Request) -> HttpResponse:
        """Sign in and bring the guest's cart and orders along, once; both tokens are needed."""
        customer_id = self.customer_id()
        guest = _guest_of(GuestTransferInput.parse(request.data)["anonymous_token"])
        actor = self.actor()
        actor = replace(actor, session_id=actor.session_id or guest.session_id, client=actor.client or guest.client)
        streams = [str(guest.person_id), str(customer_id)]
        with operation("session.transfer", actor=actor, stream=streams, key=key_of(request, actor)) as op:
            moved = identify.transfer(op, guest_id=guest.person_id, customer_id=customer_id)
            return answered(op, 200, _row(moved, customer_id))


def _guest_of(token: str) -> Any:
    """The guest of the token. Raises NotAGuest, also for a token that does not hold."""
    try:
        guest = caller_of_token(token)
    except AuthenticationFailed as error:
        raise identify.NotAGuest(errors=[("#/anonymousToken", "The token does not hold.")]) from error
    if guest.kind != GUEST:
        raise identify.NotAGuest(errors=[("#/anonymousToken", "The token is no guest's.")])
    return guest


def _row(moved: Transferred, customer_id: Any) -> dict[str, Any]:
    return {
        "customerId": customer_id, "sessionId": moved.session_id or None, "checkoutIds": moved.checkout_ids,
        "orderIds": moved.order_ids, "isNew": moved.is_new,
    }
