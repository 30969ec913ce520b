"""The webhook's address alone, so that these tests stand without the rest of the server."""

from __future__ import annotations

from payments.urls import urlpatterns

__all__ = ["urlpatterns"]
