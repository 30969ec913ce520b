"""EDIFACT: orders (ORDERS) as bodies, and the syntax acknowledgement (CONTRL) that answers them. Pure.

Note [What an allowance is of]
    An `ALC` says whether the amounts after it are an allowance or a charge, of the line above or of the order. A line's own
    amount (`MOA+203`) is after its allowances and charges, as EANCOM has it, and so is a net price (`PRI+AAA`); a gross
    price (`PRI+AAB`) is before them.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from orders.channels.edi.parts import (
    PIECES,
    ZERO,
    counted,
    is_told,
    line_amount,
    moment_of,
    placed,
    reached,
    sku_in,
    total_of,
    trouble,
)
from orders.channels.edi.segments import NotAnInterchange, Segment, Separators, edifact
from orders.channels.reading import number

_FUNCTION = {"": "confirmed", "9": "confirmed", "5": "confirmed", "6": "confirmed", "7": "confirmed", "1": "cancelled"}
# Blanket, repair, consignment, swap and standing orders, changes and answers: nothing to be sent as it stands.
_NOT_PLAIN = {"221", "225", "227", "229", "230", "231", "258", "23E"}
_PARTIES = {"DP": "shipping", "ST": "shipping", "UC": "consignee", "CN": "consignee", "IV": "billing", "BY": "buyer"}
_TOTALS = ("86", "128", "77", "9", "39")
LINE_AMOUNT, LINES_TOTAL, TAX_AMOUNT = "203", "79", "124"
TAX_TOTAL = "176"
_OF_ALC = {"8": "", "23": "C", "204": "A"}
_PRICES = ("AAA", "INV", "AAB")
GROSS_PRICE = "AAB"
DONE, APART = "told", "apart"
# How an allowance is settled where it is no part of the invoice: billed back, paid or credited later, paid by the vendor.
_APART = {"1", "3", "4", "5"}
_FREE = "192"
_UNITS_ORDERED = {"21", _FREE}
_DELETED, _SUB_LINE = "2", "1"
_READ = {*_TOTALS, *_OF_ALC, LINE_AMOUNT, LINES_TOTAL, TAX_AMOUNT, TAX_TOTAL}
DATE_CHARS = 8
SHORT_DATE = "101"
ORDER = "ORDERS"


def read(text: str) -> tuple[list[dict[str, Any]], list[Segment], Separators]:
    """A body for each order, the segments, and the separators. Raises NotAnInterchange."""
    segments, marks = edifact(text)
    head = segments[0]
    sender = head.text(2)
    told_at = moment_of(_date(head.text(4), SHORT_DATE if len(head.text(4)) < DATE_CHARS else ""), head.text(4, 1))
    bodies, current = [], None
    for segment in segments:
        if segment.tag == "UNH":
            if current is not None:
                raise NotAnInterchange(f"The message {current[0].text(1)} has no end.")
            current = [segment]
        elif current is not None:
            current.append(segment)
            if segment.tag == "UNT":
                if current[0].text(2) == ORDER:
                    bodies.append({**_body(current, sender), "changedAt": told_at})
                current = None
    if current is not None:
        raise NotAnInterchange("The last message has no end.")
    end = segments[-1]
    if end.tag != "UNZ":
        raise NotAnInterchange("The interchange has no end: what was behind its last segment is not known.")
    if not bodies:
        raise NotAnInterchange("The interchange holds no ORDERS message.")
    parts = [segment for segment in segments if segment.tag == "UNG"] or [segment for segment in segments if segment.tag == "UNH"]
    for body in bodies if end.text(1) != str(len(parts)) or end.text(2) != segments[0].text(5) else []:
        trouble(body, "segments_missing", f"The interchange counts {end.text(1)} orders or groups, {len(parts)} were read.")
    return bodies, segments, marks


def acknowledge(segments: list[Segment], marks: Separators, *, accepted: Sequence[bool], now: datetime) -> str:
    """The CONTRL for the interchange: the interchange and each of its orders, acknowledged (7) or rejected (4), in the order of `read`."""
    head = segments[0]
    orders = [segment for segment in segments if segment.tag == "UNH" and segment.text(2) == ORDER]
    one, two = _joined(head.elements[1], marks), _joined(head.elements[2], marks)
    verdict = "7" if any(accepted) else "4"
    body = [["UNH", "1", marks.component.join(["CONTRL", "2", "2", "UN"])], ["UCI", _said(head.text(5), marks), one, two, verdict]]
    body += [
        ["UCM", _said(one.text(1), marks), _joined(one.elements[1][:4], marks), "7" if good else "4"]
        for one, good in zip(orders, accepted, strict=True)
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
        "status": _FUNCTION.get(head.text(3), f"function {head.text(3)}"), "lines": [], "charges": [], "troubles": [], "contacts": {},
        "standard": "edifact", "allowed": ZERO, "alc": "", "alcTax": ZERO, "told": {}, "taxes": {}, "currencies": [], "who": "",
    }
    if head.text(1) in _NOT_PLAIN:
        trouble(body, "not_a_plain_order", f"Its type is {head.text(1)}: no order to be sent as it stands.")
    for segment in segments:
        _about(body, segment)
    units = [line["quantity"] for line in body["lines"]]
    for line in body["lines"]:
        _closed(body, line)
    _totals(body)
    _counts(body, segments, units)
    for name in ("alc", "who", "summary"):
        body.pop(name, None)
    reached(body)
    placed(body)
    return body


def _about(body: dict[str, Any], segment: Segment) -> None:
    line = body["lines"][-1] if body["lines"] and "summary" not in body else None
    if segment.tag in {"ALC", "LIN", "UNS"}:
        _require_amount(body)
    if segment.tag == "DTM" and segment.text(1) == "137" and line is None:
        body["placedAt"] = _date(segment.text(1, 1), segment.text(1, 2))
    elif segment.tag == "CUX":
        _currency(body, segment)
    elif segment.tag == "NAD":
        _party(body, segment)
    elif segment.tag == "COM":
        _contact(body, segment)
    elif segment.tag == "LIN":
        body["who"] = "none"
        body["lines"].append(_line(body, segment))
    elif segment.tag == "ALC":
        _allowance(body, segment)
    elif segment.tag == "MOA":
        _amount(body, line, segment)
    elif segment.tag == "TAX":
        body["taxRates"] = body.get("taxRates") or (_figure(segment.text(5, 3)) or ZERO) != 0
    elif segment.tag == "UNS":
        body["summary"] = "1"
    if line is not None:
        _of_line(body, line, segment)


def _currency(body: dict[str, Any], segment: Segment) -> None:
    """The order's currency is the reference currency; others are what it may be paid in."""
    if segment.text(1) in {"", "2"}:
        body["currencies"].insert(0, segment.text(1, 1))


def _line(body: dict[str, Any], segment: Segment) -> dict[str, Any]:
    line: dict[str, Any] = {"id": segment.text(1), "sku": segment.text(3), "title": "", "quantity": "", "unit": ""}
    line.update(told=None, off=ZERO, more=ZERO, prices={})
    if segment.text(2) == _DELETED:
        trouble(body, "line_to_check", f"The line {segment.text(1)} is told as deleted.")
    if segment.text(4) == _SUB_LINE:
        trouble(body, "line_to_check", f"The line {segment.text(1)} is a part of another one.")
    return line


def _of_line(body: dict[str, Any], line: dict[str, Any], segment: Segment) -> None:
    if segment.tag == "PIA" and segment.text(1) in {"1", "5"}:
        own = (segment.text(place) for place in range(2, len(segment.elements) + 1) if segment.text(place, 1) in {"SA", "MF"})
        line["sku"] = next(own, "") or line["sku"]  # the supplier's own number goes before an EAN
    elif segment.tag == "IMD":
        line["title"] = line["title"] or " ".join(filter(None, (segment.text(3, 3), segment.text(3, 4)))) or segment.text(3, 0)
    elif segment.tag == "QTY" and segment.text(1) in _UNITS_ORDERED:
        if line["quantity"] or segment.text(1) == _FREE:
            trouble(body, "line_to_check", f"The line {line['id']} has units that are free, or go at several times.")
        if segment.text(1) != _FREE:
            line["quantity"], line["unit"] = line["quantity"] or segment.text(1, 1), segment.text(1, 2)
    elif segment.tag == "PRI" and segment.text(1) in _PRICES:
        line["prices"].setdefault(segment.text(1), (segment.text(1, 1), segment.text(1, 4), segment.text(1, 5)))
    elif segment.tag == "TAX" and not body["alc"]:
        line["taxRate"], line["taxTitle"] = segment.text(5, 3), segment.text(2)


def _amount(body: dict[str, Any], line: dict[str, Any] | None, segment: Segment) -> None:
    """An amount of the line above, or of the order. Note [What an allowance is of]."""
    kind, amount = segment.text(1), _figure(segment.text(1, 1))
    if kind not in _READ:
        return
    if segment.text(1, 2):
        body["currencies"].append(segment.text(1, 2))
    if amount is None:
        trouble(body, "unreadable_amount", f"The amount {kind} cannot be read.")
    elif kind in _OF_ALC:
        _allow(body, line, body["alc"] or _OF_ALC[kind], amount)
    elif kind == TAX_AMOUNT and body["alc"]:
        body["alcTax"] += {"C": amount, "A": -amount}.get(body["alcKind"], ZERO)
    elif kind == TAX_AMOUNT and line is not None:
        line["tax"] = line.get("tax", ZERO) + amount
    elif kind == TAX_AMOUNT:
        where = "summary" if "summary" in body else "head"
        body["taxes"][where] = body["taxes"].get(where, ZERO) + amount
    elif line is None:
        body["told"].setdefault(kind, amount)
    elif kind == LINE_AMOUNT:
        line["told"] = amount


def _allowance(body: dict[str, Any], segment: Segment) -> None:
    body["alc"] = body["alcKind"] = segment.text(1)
    if segment.text(3) in _APART:
        body["alc"] = body["alcKind"] = APART
        trouble(body, "settled_apart", f"An allowance or charge is not of the invoice (settlement {segment.text(3)}).", holds=False)


def _allow(body: dict[str, Any], line: dict[str, Any] | None, indicator: str, amount: Decimal) -> None:
    if not body["alc"] and line is None and (body["allowed"] or body["charges"]):
        return  # the summary says again what allowances and charges said
    if body["alc"] and body["alc"] != APART:
        body["alc"] = DONE
    if indicator == "A" and line is None:
        body["allowed"] += amount
    elif indicator == "A" and line is not None:
        line["off"] += amount
    elif indicator == "C":
        body["charges"].append({"kind": "fee", "title": "Charge", "gross": format(amount, "f")})
        if line is not None:
            line["more"] += amount
    elif indicator not in {"N", DONE, APART}:
        trouble(body, "unreadable_amount", "An amount is neither an allowance nor a charge.")


def _require_amount(body: dict[str, Any]) -> None:
    """What an allowance or charge comes to must be told, but for one of a line whose own amount or net price has it within."""
    if body["alc"] in {"A", "C"} and (not body["lines"] or "summary" in body):
        trouble(body, "unreadable_amount", "An allowance or charge names no amount.")
    elif body["alc"] in {"A", "C"}:
        body["lines"][-1]["percent"] = True
    body["alc"] = ""


def _closed(body: dict[str, Any], line: dict[str, Any]) -> None:
    """What the line costs before its allowances and without its charges. Note [What an allowance is of]."""
    prices, off, more, percent = line.pop("prices"), line.pop("off"), line.pop("more"), line.pop("percent", False)
    told, unit = line.pop("told"), line.pop("unit")
    kind = next((name for name in _PRICES if name in prices), "")
    price, basis, of = prices.get(kind, ("", "", ""))
    units, each, per = _figure(line["quantity"]), _figure(price), _figure(basis or "1")
    found, slack = None, ZERO
    if units is not None and each is not None and per:
        found = units * each / per
        slack = units / per * Decimal(1).scaleb(int(each.as_tuple().exponent)) / 2
        if kind == GROSS_PRICE or (told is not None and abs(told - found) > slack and not is_told(told, found)):
            found += more - off  # some tell a price before allowances as the net one; the line's own amount says so
    if told is None and _is_of_another(of, unit):
        trouble(body, "unknown_price_basis", f"The price of the line {line['id']} is for {of}, and {unit or 'pieces'} are ordered.")
    if told is None and percent and kind == GROSS_PRICE:
        trouble(body, "unreadable_amount", "An allowance or charge names no amount.")
    net = line_amount(body, line, told, None if told is not None and (percent or _is_of_another(of, unit)) else found, slack)
    line["gross"] = "" if net is None else format(net + off - more, "f")
    body["net"] = body.get("net", ZERO) + (net or ZERO)
    line["discount"], line["quantity"] = format(off, "f"), "" if units is None else format(units, "f")
    line["title"], line["sku"] = line["title"] or line["sku"], sku_in(line["sku"], unit)
    if "tax" in line:
        line["tax"] = format(line["tax"], "f")


def _is_of_another(of: str, unit: str) -> bool:
    """Whether a price is for another unit than is ordered."""
    return bool(of) and of != unit and not (of in PIECES and unit in PIECES)


def _totals(body: dict[str, Any]) -> None:
    """The order's own tax is what its summary says beyond the lines'; of several totals it is the one the parts come to."""
    told, taxes, of_lines = body.pop("told"), body.pop("taxes"), [_figure(line["tax"]) or ZERO for line in body["lines"] if "tax" in line]
    tax = told.get(TAX_TOTAL, taxes.get("summary", taxes.get("head")))
    allowed, net, of_charges, lines_total = body.pop("allowed"), body.pop("net", ZERO), body.pop("alcTax"), told.get(LINES_TOTAL)
    whole = sum(of_lines, of_charges) if tax is None else tax
    body["tax"], body["discount"] = format(whole - sum(of_lines, ZERO), "f"), format(allowed, "f")
    if lines_total is not None and not is_told(lines_total, net):
        trouble(body, "totals_do_not_add_up", f"The lines do not come to {lines_total}.")
    gross = sum((_figure(line["gross"]) or ZERO) - (_figure(line["discount"]) or ZERO) for line in body["lines"])
    charges = sum((_figure(charge["gross"]) or ZERO for charge in body["charges"]), ZERO)
    totals = [told[kind] for kind in _TOTALS if kind in told]
    body["total"] = total_of(totals, gross + charges - allowed + whole)
    if body.pop("taxRates", False) and tax is None and not of_lines and not totals and not of_charges:
        trouble(body, "unknown_tax", "A tax is named by its rate, and neither its amount nor a total is told.")
    currencies = [code for code in body.pop("currencies") if code]
    body["currency"] = currencies[0] if currencies else ""
    if len({code.upper() for code in currencies}) > 1:
        trouble(body, "several_currencies", "The amounts of the order are in several currencies.")
    body.pop("alcKind", None)


def _figure(text: str) -> Decimal | None:
    """A number; its decimal mark is a point or a comma."""
    return number(text.replace(",", "."))


def _party(body: dict[str, Any], segment: Segment) -> None:
    name = _PARTIES.get(segment.text(1), "other")
    body["who"] = "none" if body["lines"] else name
    if name == "other":
        return
    lines = list(filter(None, (segment.text(3, place) for place in range(5))))
    names = list(filter(None, (segment.text(4, place) for place in range(5)))) or lines[:1]
    streets = list(filter(None, (segment.text(5, place) for place in range(4)))) or (lines if segment.text(4) else lines[1:])
    found = {
        "name": ", ".join(names), "line1": streets[0] if streets else "", "line2": ", ".join(streets[1:]), "city": segment.text(6),
        "state": segment.text(7), "postalCode": segment.text(8), "country": segment.text(9), "code": segment.text(2),
    }
    if name in body and body[name] != found and (body["lines"] or name == "shipping"):
        trouble(body, "several_destinations", "Parts of the order go to different places.")
        body["who"] = "none"
    else:
        body.setdefault(name, found)


def _contact(body: dict[str, Any], segment: Segment) -> None:
    known = body["contacts"].setdefault(body["who"], {})
    for place in range(1, len(segment.elements) + 1):
        kind = {"EM": "email", "TE": "phone"}.get(segment.text(place, 1))
        if kind:
            known.setdefault(kind, segment.text(place))


def _counts(body: dict[str, Any], segments: list[Segment], units: list[str]) -> None:
    for segment in segments:
        if segment.tag == "CNT" and segment.text(1) == "2" and segment.text(1, 1) != str(len(body["lines"])):
            trouble(body, "lines_missing", f"The order says it has {segment.text(1, 1)} lines, {len(body['lines'])} were read.")
        if segment.tag == "CNT" and segment.text(1) == "1":
            counted(body, segment.text(1, 1).replace(",", "."), [one.replace(",", ".") for one in units])
    if segments[-1].text(1) != str(len(segments)):
        trouble(body, "segments_missing", f"The order says it has {segments[-1].text(1)} segments, {len(segments)} were read.")
    if segments[-1].text(2) != segments[0].text(1):
        trouble(body, "segments_missing", f"The order begins as {segments[0].text(1)} and ends as {segments[-1].text(2)}.")


def _date(text: str, form: str) -> str:
    text = f"20{text}" if form == SHORT_DATE else text
    return f"{text[:4]}-{text[4:6]}-{text[6:8]}" if len(text) >= DATE_CHARS and text[:8].isdigit() else ""
