"""Who may call what: staff by scope, customers by ownership (which the queries decide)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rest_framework.permissions import BasePermission

if TYPE_CHECKING:
    from rest_framework.request import Request


class Nobody(BasePermission):
    """The default: a view that does not say who may call it is called by nobody."""

    def has_permission(self, request: Request, view: Any) -> bool:  # noqa: ARG002
        """Never."""
        return False


class Staff(BasePermission):
    """Staff by login, or an API key that carries the scope which the view names for the method.

    The view's `required_scopes` maps a method to a scope such as `orders:read`, or to several of which one is enough; the scope `*`
    opens all.
    """

    def has_permission(self, request: Request, view: Any) -> bool:
        """Whether the caller is staff with the scope."""
        client = getattr(request, "auth", None)
        scopes = getattr(client, "scopes", None)
        if isinstance(scopes, list):
            needed = getattr(view, "required_scopes", {}).get(request.method)
            enough = {needed} if isinstance(needed, str) else set(needed or ())
            return "*" in scopes or bool(enough & set(scopes))
        user = request.user
        return bool(getattr(user, "is_staff", False) and getattr(user, "is_active", False))
