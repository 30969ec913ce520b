"""The address of an order's questions for whoever was sent the link: a guest asks and reads without signing in."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.conf import settings

from timeline import signed_ids

if TYPE_CHECKING:
    from uuid import UUID

_SALT = "bahi.help"


def token_of(order_id: UUID) -> str:
    """The order's token. Always the same, and of no use for anything but its questions."""
    return signed_ids.token_of(order_id, salt=_SALT)


def order_of(token: str) -> UUID | None:
    """The order whose token this is; None for anything else."""
    return signed_ids.id_of(token, salt=_SALT)


def link_of(order_id: UUID) -> str:
    """What the customer's mails lead to."""
    return f"{settings.PUBLIC_URL}/help/{token_of(order_id)}/"
