"""EDIFACT: orders (ORDERS) as bodies, and the syntax acknowledgement (CONTRL) that answers them. Pure."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

from orders.channels.edi.segments import NotAnInterchange, Segment, Separators, edifact
from orders.channels.reading import number

_FUNCTION = {"": "confirmed", "9": "confirmed", "5": "confirmed", "4": "confirmed", "1": "cancelled"}
_PARTIES = {"DP": "shipping", "ST": "shipping", "IV": "billing", "BY": "buyer"}
_TOTALS = {"86", "9", "77", "128"}
LINE_AMOUNT, LINES_TOTAL, TAX_AMOUNT, CHARGE, ALLOWANCE = "203", "79", "124", "23", "204"
DATE_CHARS = 8


def read(text: str) -> tuple[list[dict[str, Any]], list[Segment], Separators]:
    """A body for each order, the segments, and the separators. Raises NotAnInterchange."""
    segments, marks = edifact(text)
    sender = segments[0].text(2)
    bodies, current = [], None
    for segment in segments:
        if segment.tag == "UNH":
            current = [segment]
        elif current is not None:
            current.append(segment)
            if segment.tag == "UNT":
                if current[0].text(2) == "ORDERS":
                    bodies.append(_body(current, sender))
                current = None
    if not bodies:
        raise NotAnInterchange("The interchange holds no ORDERS message.")
    return bodies, segments, marks


def acknowledge(segments: list[Segment], marks: Separators, *, accepted: dict[str, bool], now: datetime) -> str:
    """The CONTRL for the interchange: the interchange and each of its messages, acknowledged (7) or rejected (4)."""
    head = segments[0]
    kinds = {segment.text(1): segment.elements[1] for segment in segments if segment.tag == "UNH" and len(segment.elements) > 1}
    one, two = _joined(head.elements[1], marks), _joined(head.elements[2], marks)
    verdict = "7" if any(accepted.values()) else "4"
    body = [["UNH", "1", marks.component.join(["CONTRL", "2", "2", "UN"])], ["UCI", _said(head.text(5), marks), one, two, verdict]]
    body += [
        ["UCM", _said(name, marks), _joined(kinds.get(name, ("ORDERS",))[:4], marks), "7" if good else "4"] for name, good in accepted.items()
    ]
    body.append(["UNT", str(len(body) + 1), "1"])
    rows = [
        ["UNB", _joined(head.elements[0], marks), two, one, f"{now:%y%m%d}{marks.component}{now:%H%M}", _said(head.text(5), marks)],
        *body, ["UNZ", "1", _said(head.text(5), marks)],
    ]
    return f"UNA{marks.component}{marks.element}.{marks.release or ' '} {marks.segment}" + "".join(marks.element.join(row) + marks.segment for row in rows)


def _said(text: str, marks: Separators) -> str:
    """The text with the separators in it released."""
    special = {marks.component, marks.element, marks.release, marks.segment} - {""}
    return "".join(f"{marks.release}{letter}" if letter in special else letter for letter in text)


def _joined(components: tuple[str, ...], marks: Separators) -> str:
    return marks.component.join(_said(one, marks) for one in components)


def _body(segments: list[Segment], sender: str) -> dict[str, Any]:
    head = next((segment for segment in segments if segment.tag == "BGM"), Segment("BGM", ()))
    body: dict[str, Any] = {
        "orderId": f"{sender}:{head.text(2)}" if head.text(2) else "", "orderNumber": head.text(2), "customerId": sender,
        "status": _FUNCTION.get(head.text(3), f"function {head.text(3)}"), "lines": [], "charges": [], "troubles": [],
        "control": segments[0].text(1), "standard": "edifact",
    }
    for segment in segments:
        _about(body, segment)
    for line in body["lines"]:
        _closed(line)
    _counts(body, segments)
    body["name"] = body.get("buyer", {}).get("name") or body.get("shipping", {}).get("name")
    return body


def _about(body: dict[str, Any], segment: Segment) -> None:
    line = body["lines"][-1] if body["lines"] else None
    if segment.tag == "DTM" and segment.text(1) == "137":
        body["placedAt"] = _date(segment.text(1, 1))
    elif segment.tag == "CUX":
        body["currency"] = segment.text(1, 1)
    elif segment.tag == "NAD":
        _party(body, segment)
    elif segment.tag == "COM" and segment.text(1, 1) in {"EM", "TE"}:
        body[{"EM": "email", "TE": "phone"}[segment.text(1, 1)]] = segment.text(1)
    elif segment.tag == "LIN":
        body["lines"].append({"id": segment.text(1), "sku": segment.text(3), "title": "", "quantity": "", "gross": ""})
    elif segment.tag == "MOA":
        _amount(body, line, segment)
    elif line is not None:
        _of_line(line, segment)
    if segment.tag == "UNS":
        body["summary"] = "1"


def _of_line(line: dict[str, Any], segment: Segment) -> None:
    if segment.tag == "PIA" and segment.text(2, 1) in {"SA", "MF"}:
        line["sku"] = segment.text(2)  # the supplier's own number goes before an EAN
    elif segment.tag == "IMD":
        line["title"] = segment.text(3, 3) or segment.text(3, 0)
    elif segment.tag == "QTY" and segment.text(1) == "21":
        line["quantity"] = segment.text(1, 1)
    elif segment.tag == "PRI" and segment.text(1) in {"AAA", "AAB", "INV"}:
        line["price"] = segment.text(1, 1)
        line["basis"] = segment.text(1, 4) or "1"
    elif segment.tag == "TAX":
        line["taxRate"], line["taxTitle"] = segment.text(5, 3), segment.text(2)


def _amount(body: dict[str, Any], line: dict[str, Any] | None, segment: Segment) -> None:
    kind, amount = segment.text(1), segment.text(1, 1)
    if segment.text(1, 2):
        body.setdefault("currency", segment.text(1, 2))
    if "summary" in body or line is None:
        if kind in _TOTALS:
            body["total"] = amount
        elif kind == TAX_AMOUNT:
            body["tax"] = amount
        elif kind == LINES_TOTAL:
            body["linesTotal"] = amount
        elif kind == CHARGE:
            body["charges"].append({"kind": "fee", "title": "Charge", "gross": amount})
        elif kind == ALLOWANCE:
            body["discount"] = amount
    elif kind == LINE_AMOUNT:
        line["gross"] = amount
    elif kind == TAX_AMOUNT:
        line["tax"] = amount
    elif kind == ALLOWANCE:
        line["discount"] = amount


def _closed(line: dict[str, Any]) -> None:
    """A line without an amount of its own is its price times its quantity."""
    units, price, basis = number(line["quantity"]), number(line.pop("price", "")), number(line.pop("basis", "1")) or Decimal(1)
    if not line["gross"] and units is not None and price is not None:
        line["gross"] = format(units * price / basis, "f")
    line["title"] = line["title"] or line["sku"]


def _party(body: dict[str, Any], segment: Segment) -> None:
    name = _PARTIES.get(segment.text(1))
    if name is None:
        return
    body[name] = {
        "name": segment.text(4) or segment.text(3), "line1": segment.text(5), "line2": segment.text(5, 1), "city": segment.text(6),
        "state": segment.text(7), "postalCode": segment.text(8), "country": segment.text(9),
    }


def _counts(body: dict[str, Any], segments: list[Segment]) -> None:
    told = next((segment for segment in segments if segment.tag == "CNT" and segment.text(1) == "2"), None)
    if told is not None and told.text(1, 1) != str(len(body["lines"])):
        body["troubles"].append({"code": "lines_missing", "detail": f"The order says it has {told.text(1, 1)} lines, {len(body['lines'])} were read."})
    if segments[-1].text(1) != str(len(segments)):
        body["troubles"].append({"code": "segments_missing", "detail": f"The order says it has {segments[-1].text(1)} segments, {len(segments)} were read."})
    lines_total = body.pop("linesTotal", "")
    if lines_total and number(lines_total) != sum((number(line["gross"]) or Decimal(0) for line in body["lines"]), Decimal(0)):
        body["troubles"].append({"code": "totals_do_not_add_up", "detail": f"The lines do not come to {lines_total[:20]}."})


def _date(text: str) -> str:
    return f"{text[:4]}-{text[4:6]}-{text[6:8]}" if len(text) >= DATE_CHARS and text[:8].isdigit() else ""
