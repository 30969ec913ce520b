"""The address of an order's proof: for whoever has the receipt, without signing in. A proof tells nothing of a person.

What it holds are the order's events as they were sealed: ids, amounts, codes, and what is personal as ciphertext.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.conf import settings

from timeline import signed_ids

if TYPE_CHECKING:
    from uuid import UUID

_SALT = "bahi.receipt"


def order_of(token: str) -> UUID | None:
    """The order whose token this is; None for anything else."""
    return signed_ids.id_of(token, salt=_SALT)


def link_of(order_id: UUID) -> str:
    """What the code on a receipt leads to."""
    return f"{settings.PUBLIC_URL}/receipts/{signed_ids.token_of(order_id, salt=_SALT)}"
