"""Issued documents, read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from orders import queries
from orders.models import Document
from timeline.errors import Missing

if TYPE_CHECKING:
    from uuid import UUID


def of_order(order_id: UUID) -> list[Document]:
    """The order's invoice and credit notes, oldest first. One statement."""
    return list(Document.objects.filter(order_id=order_id).select_related("original").order_by("issued_at", "id"))


def one(order_id: UUID, text: str) -> Document:
    """The order's document of this id, with the key that opens its recipient. Raises Missing. One statement."""
    wanted = Document.objects.filter(pk=queries.uuid_of(text), order_id=order_id)
    found = wanted.select_related("key", "original").first()
    if found is None:
        raise Missing
    return found
