"""X12: purchase orders (850) as bodies, and the functional acknowledgement (997) that answers them. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from orders.channels.edi.segments import NotAnInterchange, Segment, Separators, x12
from orders.channels.reading import number

_PURPOSE = {"00": "confirmed", "06": "confirmed", "07": "confirmed", "05": "confirmed", "04": "confirmed", "01": "cancelled"}
_SHIPPING = {"D240", "D500", "G821", "G830"}
_SKU = ("VP", "VN", "SK", "BP", "IN", "UP", "EN", "UK", "MG")
# An allowance or charge that is none, and what the price of a unit is for so many of them.
_NONE, _PER = "N", {"HP": 100, "HF": 100, "TP": 1000, "TF": 1000}
_FREE = "NC"
_OWN_PRICE = {"", "UCP", "CON", "NET"}
_INFORMATION, _SUBTRACT = "O", "S"
_PARTIES = {"ST": "shipping", "BT": "billing", "BY": "buyer"}
_PROVINCES = {"AB", "BC", "MB", "NB", "NL", "NS", "NT", "NU", "ON", "PE", "QC", "SK", "YT"}
DATE_CHARS = 8
ORDER = "850"
_NOT_TAKEN = "1"  # the code of a transaction set that is not supported


def read(text: str) -> tuple[list[dict[str, Any]], list[Segment], Separators]:
    """A body for each purchase order, the segments, and the separators. Raises NotAnInterchange."""
    segments, marks = x12(text)
    sender = segments[0].text(6)
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
                    bodies.append(_body(current, sender))
                current = None
    if current is not None:
        raise NotAnInterchange("The last transaction set has no end.")
    if not bodies:
        raise NotAnInterchange("The interchange holds no purchase order (850).")
    return bodies, segments, marks


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
    body: dict[str, Any] = {
        "orderId": f"{sender}:{head.text(3)}" if head.text(3) else "", "orderNumber": head.text(3), "customerId": sender,
        "status": _PURPOSE.get(head.text(1), f"purpose {head.text(1)}"), "placedAt": _date(head.text(5)), "lines": [], "charges": [],
        "troubles": [], "standard": "x12",
    }
    party: dict[str, str] = {}
    for segment in segments:
        party = _about(body, segment, party)
    _counts(body, segments)
    body["name"] = body.get("buyer", {}).get("name") or body.get("billing", {}).get("name") or body.get("shipping", {}).get("name")
    return body


def _about(body: dict[str, Any], segment: Segment, party: dict[str, str]) -> dict[str, str]:
    """Take one segment in; returns the party whose address follows."""
    if segment.tag == "CUR":
        body["currency"] = segment.text(2)
    elif segment.tag == "PER":
        _contact(body, segment)
    elif segment.tag == "N1":
        party = _party(body, segment)
        party["name"] = segment.text(2)
    elif segment.tag == "N3":
        party["line1"], party["line2"] = segment.text(1), segment.text(2)
    elif segment.tag == "N4":
        party.update(city=segment.text(1), state=segment.text(2), postalCode=segment.text(3), country=segment.text(4) or _country(segment.text(2)))
    elif segment.tag == "SAC":
        _charge(body, segment)
    elif segment.tag == "TXI":
        _tax(body, segment)
    elif segment.tag == "AMT" and segment.text(1) in {"TT", "GV"}:
        body["total"] = segment.text(2)
    else:
        _about_line(body, segment)
    return party


def _country(state: str) -> str:
    """Within North America the country is left out: the state or province says it."""
    return "CA" if state.upper() in _PROVINCES else "US"


def _party(body: dict[str, Any], segment: Segment) -> dict[str, str]:
    """Whose address follows; a place of a single line is not the order's."""
    name = _PARTIES.get(segment.text(1), "other")
    if body["lines"] and name == "shipping":
        body["troubles"].append({"code": "several_destinations", "detail": "Lines of the order go to different places."})
        name = "other"
    party: dict[str, str] = body.setdefault(name, {})
    return party


def _about_line(body: dict[str, Any], segment: Segment) -> None:
    if segment.tag == "PO1":
        body["lines"].append(_line(segment))
    elif segment.tag == "CTP" and body["lines"]:
        _price(body["lines"][-1], segment)
    elif segment.tag == "PID" and body["lines"]:
        body["lines"][-1]["title"] = segment.text(5)
    elif segment.tag == "SDQ":
        body["troubles"].append({"code": "several_destinations", "detail": "Units of a line go to several stores."})


def _contact(body: dict[str, Any], segment: Segment) -> None:
    for place in (3, 5, 7):
        name = {"EM": "email", "TE": "phone"}.get(segment.text(place))
        if name:
            body[name] = segment.text(place + 1)


def _line(segment: Segment) -> dict[str, Any]:
    named = {segment.text(place): segment.text(place + 1) for place in range(6, len(segment.elements), 2)}
    units, price, basis = number(segment.text(2)), number(segment.text(4)), segment.text(5)
    price = Decimal(0) if price is None and basis == _FREE else price
    gross = "" if units is None or price is None else format(units * price / _PER.get(basis, 1), "f")
    sku = next((named[kind] for kind in _SKU if named.get(kind)), "")
    return {"id": segment.text(1), "sku": sku, "title": sku, "quantity": segment.text(2), "gross": gross}


def _price(line: dict[str, Any], segment: Segment) -> None:
    """The price of a line that has none of its own."""
    units, price = number(line["quantity"]), number(segment.text(3))
    if line["gross"] == "" and segment.text(2) in _OWN_PRICE and units is not None and price is not None:
        line["gross"] = format(units * price, "f")


def _charge(body: dict[str, Any], segment: Segment) -> None:
    """An allowance or charge; its amount has two implied decimals."""
    kind, said = segment.text(1), segment.text(5)
    found = number(said) if "." not in said else None
    if kind == _NONE:
        return
    if found is None or kind not in {"A", "C"}:
        body["troubles"].append({"code": "unreadable_amount", "detail": f"The allowance or charge {segment.text(2)} has no amount that can be read."})
        return
    amount = format(found / Decimal(100), "f")
    if kind == "C":
        title = segment.text(15) or segment.text(2)
        body["charges"].append({"kind": "shipping" if segment.text(2) in _SHIPPING else "fee", "title": title, "gross": amount})
    else:
        known = number(body.get("discount", "0")) or Decimal(0)
        body["discount"] = format(known + found / Decimal(100), "f")


def _tax(body: dict[str, Any], segment: Segment) -> None:
    amount, relation = number(segment.text(2)), segment.text(7)
    if relation == _INFORMATION or (amount is None and number(segment.text(3)) == 0):
        return
    if amount is None:
        body["troubles"].append({"code": "unknown_tax", "detail": f"A tax {segment.text(1)} of {segment.text(3)} % without an amount."})
        return
    known = number(body.get("tax", "0")) or Decimal(0)
    body["tax"] = format(known + (-amount if relation == _SUBTRACT else amount), "f")


def _counts(body: dict[str, Any], segments: list[Segment]) -> None:
    """What the partner counted must be what was read."""
    told = next((segment for segment in segments if segment.tag == "CTT"), None)
    if told is not None and told.text(1) != str(len(body["lines"])):
        body["troubles"].append({"code": "lines_missing", "detail": f"The order says it has {told.text(1)} lines, {len(body['lines'])} were read."})
    end = segments[-1]
    if end.text(1) != str(len(segments)):
        body["troubles"].append({"code": "segments_missing", "detail": f"The order says it has {end.text(1)} segments, {len(segments)} were read."})


def _date(text: str) -> str:
    return f"{text[:4]}-{text[4:6]}-{text[6:8]}" if len(text) == DATE_CHARS and text.isdigit() else ""
