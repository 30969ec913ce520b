"""What a caller may really do of what the state of a thing allows: `allowedActions`, narrowed to the caller's rights.

A word stands if one of its rights is held: `ship` is a parcel booked (`shipments:write`), or a status set (`orders:write`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Iterable

KEY: Final = "allowedActions"
_NESTS: Final = (dict, list)
_LEFT: Final = frozenset({KEY, "metadata"})
_ORDER: Final[dict[str, frozenset[str]]] = {
    "cancel": frozenset({"orders:write"}), "refund": frozenset({"refunds:write"}), "start_processing": frozenset({"orders:write"}),
    "ship": frozenset({"shipments:write", "orders:write"}), "deliver": frozenset({"shipments:write", "orders:write"}),
    "hold": frozenset({"orders:write"}), "release": frozenset({"orders:write"}), "note": frozenset({"notes:write"}),
}
_RETURN: Final[dict[str, frozenset[str]]] = dict.fromkeys(
    ("approve", "decline", "pickup", "collect", "receive", "inspect", "close", "cancel"), frozenset({"returns:write"}),
) | {"refund": frozenset({"refunds:write"}), "exchange": frozenset({"refunds:write"})}
EVERY: Final[frozenset[str]] = frozenset().union(*_ORDER.values(), *_RETURN.values())


def of_order(words: Iterable[str], rights: frozenset[str]) -> list[str]:
    """The words of an order that somebody with these rights may act on."""
    return [word for word in words if _ORDER[word] & rights]


def of_return(words: Iterable[str], rights: frozenset[str]) -> list[str]:
    """The words of a return that somebody with these rights may act on."""
    return [word for word in words if _RETURN[word] & rights]


def narrowed(value: Any, rights: frozenset[str]) -> Any:
    """An answer of the staff's API with every `allowedActions` in it narrowed, in place; orders are known by their `orderNumber`.

    What stands under `metadata` is somebody else's words, whatever they are called, and is left as it is.
    """
    if isinstance(value, dict):
        if KEY in value:
            choose = of_order if "orderNumber" in value and "paymentState" in value else of_return
            value[KEY] = choose(value[KEY], rights)
        for key, item in value.items():
            if type(item) in _NESTS and key not in _LEFT:
                narrowed(item, rights)
    elif isinstance(value, list):
        for item in value:
            if type(item) in _NESTS:
                narrowed(item, rights)
    return value
