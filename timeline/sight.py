"""Who may see people in full. The kernel has no roles: the app that has them says how they decide."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from timeline.errors import Forbidden

if TYPE_CHECKING:
    from rest_framework.request import Request

Rule = Callable[[Any, Any], bool]
Mask = Callable[[Any], Any]
_rules: list[Rule] = []
_masks: list[Mask] = []


class MayNotSeePeople(Forbidden):
    """This names customers, and you see them masked. Somebody who sees them in full may do it."""


def register(rule: Rule, mask: Mask) -> None:
    """`rule(user, scopes)`: whether this user, or an API key of these scopes, sees people. Called once, as the app starts.

    `mask(words)` is what others see of what an app keeps of people: its own JSON, of whatever names.
    """
    _rules.append(rule)
    _masks.append(mask)


def masked(words: Any) -> Any:
    """What who does not see people sees of an app's own words."""
    for mask in _masks:
        words = mask(words)
    return words


def sees(request: Request | Any) -> bool:
    """Whether who calls sees people in full."""
    return sees_people(request.user, getattr(getattr(request, "auth", None), "scopes", None))


def sees_people(user: Any, scopes: Any = None) -> bool:
    """Whether who acts sees people in full."""
    return all(rule(user, scopes) for rule in _rules)


def require(request: Request | Any) -> None:
    """Whoever has people told to a file or another system must see them. Raises MayNotSeePeople."""
    if not sees(request):
        raise MayNotSeePeople
