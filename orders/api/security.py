"""How callers show who they are, for the OpenAPI document. Registered by being imported."""

from __future__ import annotations

from typing import Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension


class ApiKeyScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """Machines."""

    target_class = "timeline.api.authentication.ApiKeyAuthentication"
    name = "apiKey"

    def get_security_requirement(self, auto_schema: Any) -> list[dict[str, list[Any]]]:
        """Where staff are allowed."""
        return [{self.name: []}] if _is_staffs(auto_schema) else []

    def get_security_definition(self, auto_schema: Any) -> dict[str, Any]:  # noqa: ARG002 the frame passes it
        """Say what the header holds."""
        return {"type": "http", "scheme": "bearer", "bearerFormat": "bahi_live_…", "description": "An API key with scopes."}


class CustomerScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """Customers and guests."""

    target_class = "orders.api.authentication.CustomerAuthentication"
    name = ["customer", "shopCookie"]

    def get_security_requirement(self, auto_schema: Any) -> list[dict[str, list[Any]]]:
        """Either of the two, where customers are allowed."""
        return [] if _is_staffs(auto_schema) else [{name: []} for name in self.name]

    def get_security_definition(self, auto_schema: Any) -> list[dict[str, Any]]:  # noqa: ARG002 the frame passes it
        """Say what the header or the cookie holds."""
        return [
            {
                "type": "http", "scheme": "bearer", "bearerFormat": "JWT",
                "description": "Of the shop's identity provider, or a guest's of `POST /storefront/anonymous-tokens`.",
            },
            {"type": "apiKey", "in": "cookie", "name": "sessionid", "description": "The shop's pages; writes need a CSRF token."},
        ]


class StaffScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """Staff in the console."""

    target_class = "timeline.api.authentication.StaffSessionAuthentication"
    name = "staffCookie"

    def get_security_requirement(self, auto_schema: Any) -> list[dict[str, list[Any]]]:
        """Where staff are allowed."""
        return [{self.name: []}] if _is_staffs(auto_schema) else []

    def get_security_definition(self, auto_schema: Any) -> dict[str, Any]:  # noqa: ARG002 the frame passes it
        """Say what the cookie holds."""
        return {"type": "apiKey", "in": "cookie", "name": "sessionid", "description": "The console; writes need a CSRF token."}


def _is_staffs(auto_schema: Any) -> bool:
    return str(auto_schema.path).startswith("/admin/")
