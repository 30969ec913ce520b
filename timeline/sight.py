"""Who sees people in full: whoever has the right `customers:read`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from timeline import rights

Mask = Callable[[Any], Any]
_masks: list[Mask] = []
RIGHT: Final = "customers:read"


class MayNotSeePeople(rights.RightMissing):
    """This names customers, and you see them masked."""

    slug = "may-not-see-people"
    title = "May not see people"
    right = RIGHT


def register(mask: Mask) -> None:
    """`mask(words)` is what others see of what an app keeps of people: its own JSON, of whatever names. Called once, as the app starts."""
    _masks.append(mask)


def masked(words: Any) -> Any:
    """What who does not see people sees of an app's own words."""
    for mask in _masks:
        words = mask(words)
    return words


def sees(request: Any) -> bool:
    """Whether who calls sees people in full."""
    return RIGHT in rights.of(request)


def sees_people(user: Any, scopes: Any = None) -> bool:
    """Whether who acts sees people in full."""
    return RIGHT in rights.held(user, scopes)


def require(request: Any) -> None:
    """Whoever has people told to a file or another system must see them. Raises MayNotSeePeople."""
    if not sees(request):
        raise MayNotSeePeople
