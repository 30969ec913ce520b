"""Who waited for an export is told that it is there."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from django.conf import settings
from django.contrib.auth import get_user_model
from django.urls import reverse
from django.utils.timezone import localtime

from orders.notifications.messages import Text
from timeline.actors import STAFF

if TYPE_CHECKING:
    from timeline.models import Export

LONG = timedelta(minutes=2)


def text_of(export: Export) -> Text | None:
    """The mail; None for one that was there at once, and where who asked is no member of staff with an address.

    It leads to the console and carries no link to the file itself: mail is read by more people than the file may be.
    """
    is_long = export.finished_at is not None and export.finished_at - export.asked_at > LONG
    if export.actor_type != STAFF or export.expires_at is None or not (export.schedule or is_long):
        return None
    to = get_user_model().objects.filter(pk=export.actor_id, is_active=True, is_staff=True).values_list("email", flat=True).first()
    if not to:
        return None
    word = f"{export.schedule.name}, {export.period}" if export.schedule else f"{export.source} as {export.format}"
    link = settings.PUBLIC_URL + reverse("console-export", kwargs={"export_id": export.pk})
    until = localtime(export.expires_at)
    return Text(
        "export_ready", "email", to, f"Your export is ready: {word}",
        f"{export.rows} rows, {export.bytes} bytes, SHA-256 {export.digest}.\n\nIt can be fetched until {until:%d %b %Y, %H:%M}: {link}",
    )
