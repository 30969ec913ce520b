"""Who may call what: staff and keys by right (`timeline.rights`), customers by ownership (which the queries decide)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.utils import timezone
from rest_framework.permissions import BasePermission

from timeline import rights, staffing

if TYPE_CHECKING:
    from rest_framework.request import Request


class Nobody(BasePermission):
    """The default: a view that does not say who may call it is called by nobody."""

    def has_permission(self, request: Request, view: Any) -> bool:  # noqa: ARG002
        """Never."""
        return False


class Staff(BasePermission):
    """Staff by login with the right, or an API key with it. The view's `required_scopes` maps a method to a right such as `orders:read`.

    A method without one is called by nobody.
    """

    def has_permission(self, request: Request, view: Any) -> bool:
        """Whether the caller is staff or a key, with the right. Raises RightMissing for one of them that lacks it."""
        is_key = isinstance(getattr(request.auth, "scopes", None), list)
        if not is_key and not (getattr(request.user, "is_staff", False) and getattr(request.user, "is_active", False)):
            return False
        named: dict[str, str] = getattr(view, "required_scopes", {})
        method = "GET" if request.method == "HEAD" else str(request.method)
        if method not in named and method != "OPTIONS":
            return method not in view.allowed_methods  # 405 says it better
        needed = (named[method],) if method in named else tuple(named.values())
        if not rights.of(request).intersection(needed):
            raise rights.RightMissing(needed[0])
        if not is_key:
            staffing.note_seen(request.user, timezone.now())
        return True
