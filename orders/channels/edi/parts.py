"""What X12 and EDIFACT have alike: units, places known by a number alone, whose contact is whose, totals. Pure.

Note [Another unit than a piece]
    Who orders ten cases of twelve wants no ten pieces, and what is in a case no order says for sure. So the SKU of such a line
    has its unit behind it (`KURTA-M/CA`): a person says once which variant of ours that is, and no piece is sent unseen.
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from orders.channels.reading import number

ZERO = Decimal(0)
# X12 element 355 and UN/ECE Recommendation 20: each, piece, unit, one, number of articles.
PIECES = frozenset({"", "EA", "PC", "UN", "PCE", "C62", "H87", "NAR"})
CLOCK_CHARS = 4
_WHO = ("", "buyer", "billing", "shipping")
_PLACE = ("line1", "city", "postalCode")


def trouble(body: dict[str, Any], code: str, detail: str, *, holds: bool = True) -> None:
    """Name what a person must look at, or with `holds` off what is worth knowing."""
    body["troubles"].append({"code": code, "detail": detail, "holds": holds})


def moment_of(day: str, clock: str) -> str:
    """When the interchange was made, by its sender's clock: of two bodies of an order the later one holds, in whatever order they come."""
    return f"{day}T{clock[:2]}:{clock[2:4]}:00" if day and len(clock) >= CLOCK_CHARS and clock.isdigit() else day


def sku_in(sku: str, unit: str) -> str:
    """Note [Another unit than a piece]."""
    return sku if unit.upper() in PIECES or not sku else f"{sku}/{unit.upper()}"


def reached(body: dict[str, Any]) -> None:
    """E-mail, phone and name of who ordered: the order's own contact before the buyer's, theirs before who pays and where it goes.

    Contacts of anybody else (the supplier is us) are nobody's who bought.
    """
    contacts = body.pop("contacts", {})
    told = [contacts.get(who, {}) for who in _WHO]
    for kind in ("email", "phone"):
        body[kind] = next((one[kind] for one in told if one.get(kind)), "")
    if "shipping" in body and contacts.get("shipping", {}).get("phone"):
        body["shipping"]["phone"] = contacts["shipping"]["phone"]
    body["name"] = next((body[who]["name"] for who in _WHO[1:] if body.get(who, {}).get("name")), "")


def placed(body: dict[str, Any]) -> None:
    """A place that is told by its number alone: the address is that number, for whoever packs to look up.

    Where no place of delivery is told, the goods go to the consignee.
    """
    if "consignee" in body:
        body.setdefault("shipping", body["consignee"])
    for name in ("shipping", "billing"):
        party = body.get(name, {})
        code = party.pop("code", "")
        if not code or any(party.get(part) for part in _PLACE):
            continue
        party["line1"] = f"Location {code}"
        if name == "shipping":
            trouble(body, "place_by_number", f"The order goes to the location {code}, and its address is not told.", holds=False)


def is_told(told: Decimal, found: Decimal) -> bool:
    """Whether the told amount is the found one, as far as the told one goes."""
    places = min(0, int(told.as_tuple().exponent))
    return abs(told - found) * 2 <= Decimal(1).scaleb(places)


def total_of(told: Iterable[Decimal], found: Decimal) -> str:
    """Of several totals the one the parts come to, else the first; empty when none is told."""
    totals = list(told)
    return format(next((total for total in totals if is_told(total, found)), totals[0]), "f") if totals else ""


def line_amount(body: dict[str, Any], line: dict[str, Any], told: Decimal | None, found: Decimal | None, slack: Decimal = ZERO) -> Decimal | None:
    """What a line comes to: as it is told, else as found from its price; a person looks where the two differ by more than rounding."""
    if told is None or found is None:
        return found if told is None else told
    if not is_told(told, found) and abs(told - found) > slack:
        trouble(body, "item_does_not_add_up", f"The line {line['id']} is told as {told:f}, and its price comes to {found:f}.")
    return told


def counted(body: dict[str, Any], told: str, units: list[str]) -> None:
    """The sum of all quantities as the partner counted it; X12 counts without regard to the point."""
    sums = [number(one) for one in units]
    claimed = number(told)
    if claimed is None or any(one is None for one in sums):
        return
    plain = sum((one for one in sums if one is not None), ZERO)
    digits = sum((number(one.replace(".", "")) or ZERO for one in units), ZERO)
    if claimed not in (plain, digits):
        trouble(body, "quantities_do_not_add_up", f"The order says its quantities come to {claimed:f}, and {plain:f} were read.")
