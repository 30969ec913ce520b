"""Members of staff by their names: who did it, and who may be asked to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from django.contrib.auth import get_user_model

from orders import masking
from timeline.actors import API_CLIENT, STAFF
from timeline.errors import Forbidden
from timeline.models import ApiClient

if TYPE_CHECKING:
    from collections.abc import Iterable

    from django.db.models import QuerySet

    from timeline.actors import Actor

SHOWN_MAX: Final = 200


class MayNotJudge(Forbidden):
    """Whether it is fraud is decided by those who see the customer in full."""


def require_judge(actor: Actor) -> None:
    """That who acts may judge people: no role, and no key, that sees them masked. Raises MayNotJudge. At most three statements."""
    if actor.type == STAFF:
        user = get_user_model().objects.filter(pk=actor.id).first() if actor.id.isdecimal() else None
        may = user is None or masking.sees_customers(user)  # who is not there has no role that masks
    elif actor.type == API_CLIENT:
        may = masking.sees_customers(None, ApiClient.objects.filter(pk=actor.id).values_list("scopes", flat=True).first() or [])
    else:
        may = True
    if not may:
        raise MayNotJudge


def active() -> QuerySet[Any]:
    """Members of staff who may sign in, by user name."""
    return get_user_model().objects.filter(is_active=True, is_staff=True).order_by("username")


def user_name(text: str) -> str | None:
    """The user name of the active member of staff who is meant, whatever its case; none if there is none. One statement."""
    found = active().filter(username__iexact=text.strip()).values_list("username", flat=True).first()
    return None if found is None else str(found)


def shown_names(actor_ids: Iterable[str]) -> dict[str, str]:
    """How each member of staff among these ids of actors is called; others are left out. One statement at most."""
    pks = {int(text) for text in actor_ids if text.isdecimal() and len(text) < 10}  # noqa: PLR2004 as long as a key gets
    found = get_user_model().objects.filter(pk__in=pks) if pks else ()
    return {str(user.pk): user.get_full_name() or user.get_username() for user in found}
