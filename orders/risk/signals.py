"""What is measured of an order at its placement and its payment: whole numbers only, so that a verdict can be recomputed and kept.

A signal that is not known is left out, and no rule fires on it. Nothing here names a person: texts come in, counts go out.
"""

from __future__ import annotations

import re
from statistics import median_low
from typing import TYPE_CHECKING, Any, Final

from disposable_email_domains import blocklist

from shipping.states import pin_matches, state_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

ADDRESS_LETTERS_MIN: Final = 6
REPEATED_LETTERS_MIN: Final = 4
PAST_ORDERS_MIN: Final = 3
VELOCITIES: Final = tuple(
    f"{kind}_orders_{window}" for kind in ("person", "email", "phone", "address", "origin") for window in ("1h", "24h")
)
# Each signal with what it counts; a rule may name any of these.
SIGNALS: Final[dict[str, str]] = {
    **{word: f"Orders of the same {word.partition('_')[0]} in the {word.rpartition('_')[2]} before" for word in VELOCITIES},
    "billing_differs": "1 when the bill goes to another state than the parcel",
    "first_cod": "1 when a person's first order is cash on delivery",
    "pin_state_mismatch": "1 when the PIN code is not one of the state",
    "address_short": "1 when street and house have fewer than six letters and digits",
    "letters_repeated": "1 when the name or street repeats one letter four times",
    "disposable_mail": "1 when the mail address is of a throw-away service",
    "blocklisted": "How many of e-mail, phone and address are on the blocklist",
    "total": "The order's total in minor units",
    "first_total": "The total in minor units of a person's first order",
    "percent_of_usual": "The total in percent of the middle one of the person's past orders, from the fourth order on",
    "card_abroad": "1 when the card that paid was issued in another country, as the gateway says with the payment",
    "declined_24h": "Payments of the person that were declined in the 24 hours before",
}
_REPEATED = re.compile(rf"([^\W\d_])\1{{{REPEATED_LETTERS_MIN - 1},}}", re.IGNORECASE)


def of_address(shipping: Mapping[str, Any], billing: Mapping[str, Any]) -> dict[str, int]:
    """What the addresses tell, in the wire form of `shipping.addresses`."""
    street = f"{shipping.get('line1') or ''} {shipping.get('line2') or ''}"
    state = state_of(str(shipping.get("state") or ""))
    return {
        "billing_differs": int((shipping.get("state") or "") != (billing.get("state") or "")),
        "pin_state_mismatch": int(state is not None and not pin_matches(str(shipping.get("postalCode") or ""), state)),
        "address_short": int(sum(letter.isalnum() for letter in street) < ADDRESS_LETTERS_MIN),
        "letters_repeated": int(bool(_REPEATED.search(f"{shipping.get('name') or ''}\n{street}"))),
    }


def of_email(email: str) -> dict[str, int]:
    """Whether the address, or a domain above its own, is of a throw-away service (the list of `disposable-email-domains`)."""
    labels = email.rpartition("@")[2].casefold().strip(" .").split(".")
    parents = (".".join(labels[start:]) for start in range(len(labels) - 1))
    return {"disposable_mail": int(any(parent in blocklist for parent in parents))}


def of_money(*, total_minor: int, past_minor: Sequence[int], is_cod: bool) -> dict[str, int]:
    """What the total tells beside the totals of the person's past orders."""
    found = {"total": total_minor, "first_cod": int(is_cod and not past_minor)}
    if not past_minor:
        found["first_total"] = total_minor
    elif len(past_minor) >= PAST_ORDERS_MIN:
        found["percent_of_usual"] = total_minor * 100 // max(1, median_low(past_minor))
    return found
