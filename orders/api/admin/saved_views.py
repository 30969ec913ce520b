"""Saved views: one's own, and those that colleagues share (B89)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from drf_spectacular.utils import extend_schema

from orders import saved_views
from orders.api import view_shapes as shapes
from orders.api.admin.filters import reader_of
from orders.api.views import StaffView, shown
from orders.operations import saving
from timeline.api.answers import answered, nothing
from timeline.api.keys import key_of
from timeline.api.paging import paged
from timeline.operations import operation
from timeline.retries import retried

if TYPE_CHECKING:
    from django.http import HttpResponse
    from rest_framework.request import Request

    from orders.models import SavedView
    from timeline.actors import Actor

_SCOPES = {"GET": "orders:read", "POST": "orders:write", "PATCH": "orders:write", "DELETE": "orders:write"}


class ViewsView(StaffView):
    """`/admin/views`."""

    required_scopes: ClassVar[dict[str, str]] = _SCOPES

    @extend_schema(operation_id="admin_views_list", parameters=[shapes.ViewsQuery], responses={200: shapes.ViewPage})
    def get(self, request: Request) -> HttpResponse:
        """List one's own views and the shared ones, each with how many orders are in it."""
        wish = shapes.ViewsQuery.parse(request.query_params)
        actor = self.actor()
        page = paged(saved_views.seen_by(actor), order=("name", "id"), page=wish["page"], limit=wish["limit"], cursor=wish["cursor"])
        return shown(page.envelope(_rows(request, list(page.rows), actor)))

    @extend_schema(operation_id="admin_view_save", request=shapes.ViewInput, responses={201: shapes.ViewShape})
    @retried
    def post(self, request: Request) -> HttpResponse:
        """Save a view. With a threshold its owner hears, once, when more orders were in it for so many minutes."""
        columns = shapes.columns_of(shapes.ViewInput.parse(request.data), reader=reader_of(request))
        actor = self.actor()
        with operation("saved_view.add", actor=actor, key=key_of(request, actor)) as op:
            view = saving.save(op, **columns)
            return answered(op, 201, _rows(request, [view], actor)[0], {"Location": f"/admin/views/{view.pk}"})


class OneView(StaffView):
    """`/admin/views/{id}`."""

    required_scopes: ClassVar[dict[str, str]] = _SCOPES

    @extend_schema(operation_id="admin_view_read", responses={200: shapes.ViewShape})
    def get(self, request: Request, view_id: str) -> HttpResponse:
        """Read one view."""
        actor = self.actor()
        return shown(_rows(request, [saved_views.one(view_id, actor=actor)], actor)[0])

    @extend_schema(operation_id="admin_view_change", request=shapes.ViewInput, responses={200: shapes.ViewShape})
    @retried
    def patch(self, request: Request, view_id: str) -> HttpResponse:
        """Change what is named of one's own view; a new search or threshold is watched from the start."""
        actor = self.actor()
        view = saved_views.one(view_id, actor=actor)
        columns = shapes.columns_of(shapes.ViewInput.parse(request.data, partial=True), reader=reader_of(request))
        with operation("saved_view.change", actor=actor, key=key_of(request, actor)) as op:
            return answered(op, 200, _rows(request, [saving.change(op, view_id=view.pk, **columns)], actor)[0])

    @extend_schema(operation_id="admin_view_drop", responses={204: None})
    @retried
    def delete(self, request: Request, view_id: str) -> HttpResponse:
        """Drop one's own view."""
        actor = self.actor()
        view = saved_views.one(view_id, actor=actor)
        with operation("saved_view.remove", actor=actor, key=key_of(request, actor)) as op:
            saving.drop(op, view_id=view.pk)
            return nothing(op)


def _rows(request: Request, views: list[SavedView], actor: Actor) -> list[dict[str, Any]]:
    counted = saved_views.counted(views, reader=reader_of(request))
    return [shapes.view_row(one, is_mine=saving.is_of(one.view, actor)) for one in counted]
