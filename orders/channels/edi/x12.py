"""X12: purchase orders (850) as bodies, and the functional acknowledgement (997) that answers them. Pure.

Note [What is settled apart]
    A `SAC` says how an allowance or charge is settled: on the invoice, or billed back, credited or paid by the vendor later.
    What is settled apart is no part of what the order comes to; it is noted.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from orders.channels.edi.parts import (
    PIECES,
    ZERO,
    counted,
    line_amount,
    moment_of,
    placed,
    reached,
    sku_in,
    total_of,
    trouble,
)
from orders.channels.edi.segments import NotAnInterchange, Segment, Separators, x12
from orders.channels.reading import number

_PURPOSE = {"00": "confirmed", "06": "confirmed", "07": "confirmed", "05": "confirmed", "01": "cancelled"}
# Blanket orders, changes, copies for information, leases, repairs and returns: nothing to be sent as it stands.
_NOT_PLAIN = {"BE", "BK", "CP", "IN", "LS", "RR", "RT"}
_SHIPPING = {"D240", "D500", "G821", "G830"}
_SKU = ("VP", "VN", "VC", "SK", "BP", "IN", "UP", "EN", "UK", "UI", "MG")
_NONE = "N"  # an allowance or charge that is none
# What a price is for: the unit that is ordered, each piece, so many of them, so many feet; with anything else nobody knows.
_OF_UNIT = {"", "UM", "NT", "CT", "CA", "QT", "WH", "PR"}
_OF_PIECE = {"EA", "PE", "LE", "QE", "TE", "WE"}
_PER = {"HP": 100, "TP": 1000, "WD": 12, "TD": 12}
_PER_FOOT = {"HF": 100, "TF": 1000}
_FEET = {"FT", "LF"}
_FREE = "NC"
_OWN_PRICE = {"", "UCP", "CON", "NET"}
_INFORMATION, _SUBTRACT = "O", "S"
_ON_INVOICE, _APART = {"", "02", "06"}, {"01", "03", "04", "05"}
_TOTALS = ("TT", "GV")
_LINE_TOTAL = "1"
_PARTIES = {"ST": "shipping", "BS": "shipping", "CN": "consignee", "BT": "billing", "BY": "buyer"}
_PROVINCES = {"AB", "BC", "MB", "NB", "NL", "NS", "NT", "NU", "ON", "PE", "QC", "SK", "YT"}
_STATES = (
    "AK AL AR AZ CA CO CT DC DE FL GA HI IA ID IL IN KS KY LA MA MD ME MI MN MO MS MT NC ND NE NH NJ NM NV NY OH OK OR PA RI SC SD TN TX "
    "UT VA VT WA WI WV WY AS GU MP PR VI AA AE AP"
)
SHORT_DATE_CHARS, DATE_CHARS, STATE_CHARS = 6, 8, 2
ORDER = "850"
_NOT_TAKEN = "1"  # the code of a transaction set that is not supported


def read(text: str) -> tuple[list[dict[str, Any]], list[Segment], Separators]:
    """A body for each purchase order, the segments, and the separators. Raises NotAnInterchange."""
    segments, marks = x12(text)
    sender = segments[0].text(6)
    told_at = moment_of(_date(segments[0].text(9)), segments[0].text(10))
    bodies, current = [], None
    for segment in segments:
        if segment.tag == "ST":
            if current is not None:
                raise NotAnInterchange(f"The transaction set {current[0].text(2)} has no end.")
            current = [segment]
        elif current is not None:
            current.append(segment)
            if segment.tag == "SE":
                if current[0].text(1) == ORDER:
                    bodies.append({**_body(current, sender), "changedAt": told_at})
                current = None
    if current is not None:
        raise NotAnInterchange("The last transaction set has no end.")
    if segments[-1].tag != "IEA":
        raise NotAnInterchange("The interchange has no end: what was behind its last segment is not known.")
    if not bodies:
        raise NotAnInterchange("The interchange holds no purchase order (850).")
    _whole(segments, bodies)
    return bodies, segments, marks


def _whole(segments: list[Segment], bodies: list[dict[str, Any]]) -> None:
    """The interchange's own counts: where sets or groups are missing, each order of it says so."""
    groups = _groups(segments)
    ends = [segment for segment in segments if segment.tag == "GE"]
    told = [end.text(1) for end in ends] == [str(len(sets)) for _, sets in groups] and segments[-1].text(1) == str(len(ends))
    for body in [] if told else bodies:
        trouble(body, "segments_missing", "The interchange counts other groups or orders than were read.")


def acknowledge(segments: list[Segment], marks: Separators, *, accepted: Sequence[bool], now: datetime) -> str:
    """The 997s for the interchange, one for each group: each transaction set accepted or rejected, in the order of `read`."""
    isa = segments[0]
    groups = _groups(segments)
    group = groups[0][0]
    e, t = marks.element, marks.segment
    head = [
        "ISA", "00", " " * 10, "00", " " * 10, isa.text(7).ljust(2)[:2], isa.text(8).ljust(15)[:15], isa.text(5).ljust(2)[:2],
        isa.text(6).ljust(15)[:15], now.strftime("%y%m%d"), now.strftime("%H%M"), isa.text(11).ljust(1)[:1], isa.text(12).ljust(5)[:5],
        isa.text(13).rjust(9, "0")[:9], "0", isa.text(15).ljust(1)[:1], marks.component,
    ]
    control, verdicts = group.text(6) or "1", iter(accepted)
    rows = [
        head,
        ["GS", "FA", group.text(3), group.text(2), now.strftime("%Y%m%d"), now.strftime("%H%M"), control, "X", group.text(8) or "004010"],
    ]
    for place, (start, sets) in enumerate(groups, start=1):
        rows += _answer(f"{place:04}", start, sets, verdicts)
    rows += [["GE", str(len(groups)), control], ["IEA", "1", isa.text(13).rjust(9, "0")[:9]]]
    return "".join(e.join(row) + t for row in rows)


def _groups(segments: list[Segment]) -> list[tuple[Segment, list[Segment]]]:
    """Each group's head with the heads of its transaction sets."""
    found: list[tuple[Segment, list[Segment]]] = []
    for segment in segments:
        if segment.tag == "GS" or (segment.tag == "ST" and not found):
            found.append((segment if segment.tag == "GS" else Segment("GS", ()), []))
        if segment.tag == "ST":
            found[-1][1].append(segment)
    return found


def _answer(control: str, start: Segment, sets: list[Segment], verdicts: Iterator[bool]) -> list[list[str]]:
    """The 997 of a group. What is no purchase order is no transaction set we take."""
    body = [["ST", "997", control], ["AK1", start.text(1) or "PO", start.text(6) or "1"]]
    fine = 0
    for one in sets:
        is_order = one.text(1) == ORDER
        good = is_order and next(verdicts)
        fine += good
        body += [["AK2", one.text(1), one.text(2)], ["AK5", "A"] if good else ["AK5", "R"] if is_order else ["AK5", "R", _NOT_TAKEN]]
    verdict = "A" if fine == len(sets) else "P" if fine else "R"
    body.append(["AK9", verdict, str(len(sets)), str(len(sets)), str(fine)])
    return [*body, ["SE", str(len(body) + 1), control]]


def _body(segments: list[Segment], sender: str) -> dict[str, Any]:
    head = next((segment for segment in segments if segment.tag == "BEG"), Segment("BEG", ()))
    number_ = "/".join(filter(None, (head.text(3), head.text(4))))  # each release of an order is one of its own
    body: dict[str, Any] = {
        "orderId": f"{sender}:{number_}" if head.text(3) else "", "orderNumber": number_, "customerId": sender,
        "status": _PURPOSE.get(head.text(1), f"purpose {head.text(1)}"), "placedAt": _date(head.text(5)), "lines": [], "charges": [],
        "troubles": [], "standard": "x12", "contacts": {}, "told": {}, "off": ZERO,
    }
    if head.text(2) in _NOT_PLAIN:
        trouble(body, "not_a_plain_order", f"Its type is {head.text(2)}: no order to be sent as it stands.")
    who = ""
    for segment in segments:
        who = _about(body, segment, who)
    units = [line["quantity"] for line in body["lines"]]
    for line in body["lines"]:
        _closed(body, line)
    _totals(body)
    _counts(body, segments, units)
    reached(body)
    placed(body)
    return body


def _about(body: dict[str, Any], segment: Segment, who: str) -> str:
    """Take one segment in; returns whose address and contact follow."""
    party: dict[str, str] = body.get(who, {}) if who else {}
    if segment.tag == "CUR":
        body["currency"] = segment.text(2)
    elif segment.tag == "PER":
        _contact(body, segment, who)
    elif segment.tag == "N1":
        return _party(body, segment)
    elif segment.tag == "N2":
        party["name"] = ", ".join(filter(None, (party.get("name"), segment.text(1), segment.text(2))))
    elif segment.tag == "N3":
        lines = [*filter(None, (party.get("line1"), party.get("line2"), segment.text(1), segment.text(2)))]
        party.update(line1=lines[0] if lines else "", line2=", ".join(lines[1:]))
    elif segment.tag == "N4":
        country = segment.text(4) or _country(segment.text(2), segment.text(3))
        party.update(city=segment.text(1), state=segment.text(2), postalCode=segment.text(3), country=country)
    elif segment.tag == "SAC":
        _charge(body, segment)
    elif segment.tag == "ITA" and segment.text(1) != _NONE:
        trouble(body, "unreadable_amount", "An allowance or charge is told in a segment (ITA) that is not read.")  # of versions before 004
    elif segment.tag == "TXI":
        _tax(body, segment)
    elif segment.tag == "AMT":
        _amount(body, segment)
    elif segment.tag in {"PO1", "CTT"}:
        _about_line(body, segment)
        return "none"
    else:
        _about_line(body, segment)
    return who


def _country(state: str, postal_code: str) -> str:
    """Within North America the country is left out: state or province say it, with a code of their country's form."""
    is_digits = postal_code.replace("-", "").isdigit()
    if state.upper() in _PROVINCES and not is_digits:
        return "CA"
    is_state = len(state) == STATE_CHARS and state.upper() in _STATES
    return "US" if is_state and (is_digits or not postal_code) else ""


def _party(body: dict[str, Any], segment: Segment) -> str:
    """Whose address follows; a place of a single line, or a second one, is not the order's."""
    name = _PARTIES.get(segment.text(1), "other")
    told = {"name": segment.text(2), "code": segment.text(4)}
    if name == "shipping" and (body["lines"] or body.get(name, told) != {**body.get(name, {}), **told}):
        trouble(body, "several_destinations", "Parts of the order go to different places.")
        return "none"
    if name != "other" and name in body:
        return "none"
    body[name] = told
    return name


def _contact(body: dict[str, Any], segment: Segment, who: str) -> None:
    known = body["contacts"].setdefault(who, {})
    for place in (3, 5, 7):
        kind = {"EM": "email", "TE": "phone"}.get(segment.text(place))
        if kind:
            known.setdefault(kind, segment.text(place + 1))


def _about_line(body: dict[str, Any], segment: Segment) -> None:
    line = body["lines"][-1] if body["lines"] else None
    if segment.tag == "PO1":
        body["lines"].append(_line(segment))
    elif segment.tag == "SDQ":
        trouble(body, "several_destinations", "Units of a line go to several stores.")
    elif segment.tag == "CTT" or line is None:
        body["summary"] = body.get("summary", segment.tag == "CTT")
    elif segment.tag == "CTP":
        _price(body, line, segment)
    elif segment.tag == "PID" and (not line["named"] or segment.text(2) == "08"):
        line["title"], line["named"] = segment.text(5) or line["title"], True


def _line(segment: Segment) -> dict[str, Any]:
    named = {segment.text(place): segment.text(place + 1) for place in range(6, len(segment.elements), 2)}
    sku = next((named[kind] for kind in _SKU if named.get(kind)), "")
    return {
        "id": segment.text(1), "sku": sku, "title": sku, "quantity": segment.text(2), "unit": segment.text(3), "price": segment.text(4),
        "basis": segment.text(5), "told": None, "off": ZERO, "tax": ZERO, "named": False,
    }


def _price(body: dict[str, Any], line: dict[str, Any], segment: Segment) -> None:
    """The price of a line that has none of its own."""
    if line["price"] or line["basis"] == _FREE or segment.text(2) not in _OWN_PRICE or not segment.text(3):
        return
    line["price"] = segment.text(3)
    if segment.text(7) not in {"", "1"}:
        trouble(body, "unknown_price_basis", f"The price of the line {line['id']} is to be multiplied by {segment.text(7)} ({segment.text(6)}).")


def _closed(body: dict[str, Any], line: dict[str, Any]) -> None:
    """What the line comes to by its price; an amount that is told for it is compared."""
    units, unit, basis = number(line["quantity"]), line.pop("unit").upper(), line.pop("basis").upper()
    price, told, off, tax = number(line.pop("price")), line.pop("told"), line.pop("off"), line.pop("tax")
    price = ZERO if price is None and basis == _FREE else price
    per = _per(basis, unit)
    if per is None and price:
        trouble(body, "unknown_price_basis", f"What the price of the line {line['id']} is for is not known: {basis or 'nothing'} told, ordered in {unit}.")
    found = None if units is None or price is None else units * price / (per or 1)
    gross = line_amount(body, line, told, found)
    del line["named"]
    line["gross"] = "" if gross is None else format(gross, "f")
    line["discount"], line["sku"] = format(off, "f"), sku_in(line["sku"], unit)
    if tax:
        line["tax"] = format(tax, "f")


def _per(basis: str, unit: str) -> int | None:
    """How many of the ordered unit the price is for; None when nobody knows, as of a price for each piece of what is ordered by the case."""
    if basis in _OF_UNIT or basis == _FREE or (basis in _OF_PIECE and unit in PIECES):
        return 1
    return _PER.get(basis) if unit in PIECES else _PER_FOOT.get(basis) if unit in _FEET else None


def _charge(body: dict[str, Any], segment: Segment) -> None:
    """An allowance or charge; its amount has two implied decimals. Note [What is settled apart]."""
    kind, said, how = segment.text(1), segment.text(5), segment.text(12)
    found = number(said) if "." not in said else None
    if kind == _NONE:
        return
    if how in _APART:
        trouble(body, "settled_apart", f"The allowance or charge {segment.text(2)} is not of the invoice (method {how}).", holds=False)
        return
    if found is None or kind not in {"A", "C"} or how not in _ON_INVOICE:
        trouble(body, "unreadable_amount", f"The allowance or charge {segment.text(2)} has no amount that can be read.")
        return
    amount = found / Decimal(100)
    line = body["lines"][-1] if body["lines"] and not body.get("summary") else None
    if kind == "C":
        title = segment.text(15) or segment.text(2)
        body["charges"].append({"kind": "shipping" if segment.text(2) in _SHIPPING else "fee", "title": title, "gross": format(amount, "f")})
    elif line is not None:
        line["off"] += amount
    else:
        body["off"] += amount


def _tax(body: dict[str, Any], segment: Segment) -> None:
    amount, relation = number(segment.text(2)), segment.text(7)
    if relation == _INFORMATION or (amount is None and number(segment.text(3)) == 0):
        return
    if amount is None:
        trouble(body, "unknown_tax", f"A tax {segment.text(1)} of {segment.text(3)} % without an amount.")
        return
    amount = -amount if relation == _SUBTRACT else amount
    line = body["lines"][-1] if body["lines"] and not body.get("summary") else None
    if line is None:
        body["tax"] = body.get("tax", ZERO) + amount
        return
    line["tax"] += amount
    line["taxTitle"], line["taxRate"] = (segment.text(1), segment.text(3)) if "taxTitle" not in line else ("Taxes", "")


def _amount(body: dict[str, Any], segment: Segment) -> None:
    kind, amount = segment.text(1), number(segment.text(2))
    if kind in _TOTALS and amount is None:
        trouble(body, "unreadable_amount", f"The amount {kind} cannot be read.")
    elif kind in _TOTALS and amount is not None:
        body["told"].setdefault(kind, amount)
    elif kind == _LINE_TOTAL and body["lines"] and not body.get("summary"):
        body["lines"][-1]["told"] = amount


def _totals(body: dict[str, Any]) -> None:
    told, off, tax = body.pop("told"), body.pop("off"), body.pop("tax", None)
    body.pop("summary", None)
    of_lines = sum(((number(line["gross"]) or ZERO) - (number(line["discount"]) or ZERO) + (number(line.get("tax", "")) or ZERO) for line in body["lines"]), ZERO)
    charges = sum((number(charge["gross"]) or ZERO for charge in body["charges"]), ZERO)
    body["discount"] = format(off, "f")
    if tax is not None:
        body["tax"] = format(tax, "f")
    body["total"] = total_of([told[kind] for kind in _TOTALS if kind in told], of_lines + charges - off + (tax or ZERO))


def _counts(body: dict[str, Any], segments: list[Segment], units: list[str]) -> None:
    """What the partner counted must be what was read."""
    told = next((segment for segment in segments if segment.tag == "CTT"), None)
    if told is not None and told.text(1) != str(len(body["lines"])):
        trouble(body, "lines_missing", f"The order says it has {told.text(1)} lines, {len(body['lines'])} were read.")
    if told is not None:
        counted(body, told.text(2), units)
    start, end = segments[0], segments[-1]
    if end.text(1) != str(len(segments)):
        trouble(body, "segments_missing", f"The order says it has {end.text(1)} segments, {len(segments)} were read.")
    if end.text(2) != start.text(2):
        trouble(body, "segments_missing", f"The order begins as {start.text(2)} and ends as {end.text(2)}.")


def _date(text: str) -> str:
    text = f"20{text}" if len(text) == SHORT_DATE_CHARS else text
    return f"{text[:4]}-{text[4:6]}-{text[6:8]}" if len(text) == DATE_CHARS and text.isdigit() else ""
