"""Colleagues a note names as `@name`: each finds it in the console, and the event is about each of them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from django.contrib.auth import get_user_model

from timeline.models import Event, Target

if TYPE_CHECKING:
    from django.db.models import QuerySet

    from timeline.operations import Operation

TARGET: Final = "staff"
READ: Final = "mentions.read"
NAMED_MAX = 20
_NAME = re.compile(r"(?:^|(?<=[\s(,;]))@([\w.+@-]{1,150})")


def named(text: str) -> list[Any]:
    """The active members of staff whose user name stands in the text after an `@`; one statement if there is an `@`."""
    names = {name.rstrip(".,:;!?").casefold() for name in _NAME.findall(text)}
    if not names:
        return []
    staff = get_user_model().objects.filter(is_active=True, is_staff=True)
    return [user for user in staff.order_by("pk") if user.get_username().casefold() in names][:NAMED_MAX]


def of(user: Any) -> QuerySet[Event]:
    """The notes that name this member of staff, newest first."""
    about = Target.objects.filter(type=TARGET, target_id=str(user.pk)).values("event_id")
    return Event.objects.select_related("person_key").filter(pk__in=about, kind__startswith="note.").order_by("-id")


def read_up_to(user: Any) -> int:
    """The newest event that was there when they last said that they have read all; 0 before."""
    said = Event.objects.filter(subject_type=user._meta.label_lower, subject_id=str(user.pk), kind=READ)
    newest = said.order_by("-id").first()
    return int(newest.facts["up_to"]) if newest is not None else 0


def unread(user: Any) -> int:
    """How many notes that name them they have not read. Two statements."""
    return of(user).filter(pk__gt=read_up_to(user)).count()


def read_all(op: Operation, *, user: Any) -> None:
    """They have read all that names them until now. A repeat changes nothing."""
    story = f"staff:{user.pk}"
    op.open_stream(story)
    newest = of(user).first()
    if newest is not None and newest.pk > read_up_to(user):
        op.record(user, READ, stream=story, facts={"up_to": newest.pk})
