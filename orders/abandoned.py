"""Carts nobody touched for a while: told once each, so that a campaign may remind the customer (C8)."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

from django.conf import settings
from django.db.models import Exists, OuterRef

from orders import locks
from orders.models import Checkout, CheckoutLine
from timeline import queries as stories
from timeline.actors import system
from timeline.operations import operation
from timeline.transitions import advance
from timeline.vault import PersonErased

if TYPE_CHECKING:
    from datetime import datetime
    from uuid import UUID

SWEEPER = system("checkout")
BATCH_MAX = 200


def tell_due(now: datetime) -> int:
    """Mark and announce the carts with something in them that were left alone too long; returns how many.

    A cart is announced once: one that was taken up again and left again stays as it is until it expires.
    """
    idle = now - timedelta(minutes=settings.CART_ABANDONED_MINUTES)
    filled = Exists(CheckoutLine.objects.filter(checkout=OuterRef("pk")))
    late = Checkout.objects.filter(filled, status=Checkout.Status.OPEN, updated_at__lt=idle, abandoned_at=None, person__erased_at=None)
    return sum(_tell(pk, idle) for pk in list(late.order_by("updated_at").values_list("pk", flat=True)[:BATCH_MAX]))


def _tell(checkout_id: UUID, idle: datetime) -> bool:
    """In the session of who left it, and for the app they came through: it is the last step of that journey (C15)."""
    session_id, client = stories.journey(str(checkout_id))
    sweeper = replace(SWEEPER, session_id=session_id, client=client)
    with suppress(PersonErased), operation("checkout.abandon", actor=sweeper, stream=str(checkout_id)) as op:
        checkout = locks.checkout(checkout_id)
        if checkout.status != Checkout.Status.OPEN or checkout.updated_at >= idle or checkout.abandoned_at is not None:
            return False
        lines = list(CheckoutLine.objects.select_related("variant").filter(checkout=checkout))
        advance(
            op, checkout.abandon, at=op.now, skus=[line.variant.sku for line in lines],
            item_count=sum(line.quantity for line in lines), total_minor=checkout.seen_total_minor,
            idle_since=checkout.updated_at, targets=[("customer", checkout.person_id)],
        )
        return True
    return False
