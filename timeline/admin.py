"""Accounts in the frame's own admin: for superusers alone, and without a way to make anybody more than they are.

Roles are given at `/console/staff/`, where each change is an event.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from django.contrib import admin
from django.contrib.auth import get_user_model
from django.contrib.auth.admin import UserAdmin
from django.contrib.auth.models import Group

if TYPE_CHECKING:
    from django.http import HttpRequest

admin.site.unregister(get_user_model())
admin.site.unregister(Group)


@admin.register(get_user_model())
class Accounts(UserAdmin):  # type: ignore[type-arg]
    """Names, passwords, and who may sign in."""

    fieldsets: ClassVar[Any] = (
        (None, {"fields": ("username", "password")}),
        ("Who", {"fields": ("first_name", "last_name", "email")}),
        ("May sign in", {"fields": ("is_active", "is_staff")}),
    )
    list_filter = ("is_staff", "is_active")
    filter_horizontal = ()

    def has_module_permission(self, request: HttpRequest) -> bool:
        """Superusers."""
        return bool(request.user.is_active and request.user.is_superuser)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:  # noqa: ARG002 the frame's signature
        """Superusers."""
        return self.has_module_permission(request)

    has_add_permission = has_module_permission
    has_change_permission = has_view_permission

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:  # noqa: ARG002
        """Nobody: the book names them. An account that is over is made inactive."""
        return False
