"""`/admin/staff`: who works here, and their roles."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from django.http import HttpResponse
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers as s
from rest_framework.views import APIView

from timeline import rights, staffing
from timeline.api.answers import answered
from timeline.api.authentication import ApiKeyAuthentication, StaffSessionAuthentication, staff_actor
from timeline.api.endpoints import shown
from timeline.api.keys import key_of
from timeline.api.paging import paged
from timeline.api.permissions import Staff
from timeline.api.query import Query
from timeline.api.wire import Output, Page
from timeline.models import StaffMember
from timeline.operations import operation
from timeline.retries import retried

if TYPE_CHECKING:
    from collections.abc import Callable

    from rest_framework.request import Request


class StaffQuery(Query):
    """Nothing but the page."""


class StaffOutput(Output):
    """A member of staff. `rights` are those of their roles together."""

    id = s.CharField()
    username = s.CharField()
    name = s.CharField()
    is_active = s.BooleanField()
    roles = s.ListField(child=s.ChoiceField(choices=list(rights.ROLES)))
    rights = s.ListField(child=s.ChoiceField(choices=list(rights.RIGHTS)))
    last_seen_at = s.DateTimeField(allow_null=True)


class StaffPage(Page):
    """A page of staff."""

    data = StaffOutput(many=True)  # type: ignore[assignment]


class StaffView(APIView):
    """`/admin/staff`."""

    authentication_classes = [ApiKeyAuthentication, StaffSessionAuthentication]
    permission_classes = [Staff]
    required_scopes: ClassVar[dict[str, str]] = {"GET": "staff:read"}

    @extend_schema(operation_id="admin_staff_list", parameters=[StaffQuery], responses={200: StaffPage})
    def get(self, request: Request) -> HttpResponse:
        """List who works here, by user name."""
        wish = StaffQuery.parse(request.query_params)
        page = paged(staffing.people(), order=("username",), page=wish["page"], limit=wish["limit"], cursor=wish["cursor"])
        return shown(page.envelope([staff_row(user) for user in page.rows]))


_ROLE = OpenApiParameter("role", str, OpenApiParameter.PATH, enum=list(rights.ROLES))


class RoleView(APIView):
    """`/admin/staff/{username}/roles/{role}`."""

    authentication_classes = [ApiKeyAuthentication, StaffSessionAuthentication]
    permission_classes = [Staff]
    required_scopes: ClassVar[dict[str, str]] = {"PUT": "staff:write", "DELETE": "staff:write"}

    @extend_schema(operation_id="admin_staff_role_give", parameters=[_ROLE], request=None, responses={200: StaffOutput})
    def put(self, request: Request, username: str, role: str) -> HttpResponse:
        """Give the role. Nobody changes their own roles, nor gives one that may do more than they (403)."""
        return self._do(request, "staff.give_role", username, role, staffing.give)

    @extend_schema(operation_id="admin_staff_role_take", parameters=[_ROLE], request=None, responses={200: StaffOutput})
    def delete(self, request: Request, username: str, role: str) -> HttpResponse:
        """Take the role. The last administrator stays one (409)."""
        return self._do(request, "staff.take_role", username, role, staffing.take)

    @retried
    def _do(self, request: Request, name: str, username: str, role: str, deed: Callable[..., Any]) -> HttpResponse:
        actor, by = staff_actor(request), rights.of(request)
        user_id = staffing.of_name(username).pk
        with operation(name, actor=actor, stream=StaffMember.STORY, key=key_of(request, actor)) as op:
            deed(op, user_id=user_id, role=role, by=by)
            return answered(op, 200, staff_row(staffing.of_name(username)))


def staff_row(user: Any) -> dict[str, Any]:
    """One member of staff, read with `staffing.people`."""
    roles = staffing.kept_roles(user)
    return {
        "id": str(user.pk), "username": user.get_username(), "name": user.get_full_name() or user.get_username(),
        "isActive": user.is_active, "roles": roles, "rights": [right for right in rights.RIGHTS if right in rights.of_roles(roles)],
        "lastSeenAt": staffing.last_seen(user),
    }
