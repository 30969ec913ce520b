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

from orders.channels.edi.segments import NotAnInterchange, Segment, Separators, edifact
from orders.channels.reading import number

_FUNCTION = {"": "confirmed", "9": "confirmed", "5": "confirmed", "4": "confirmed", "1": "cancelled"}
_PARTIES = {"DP": "shipping", "ST": "shipping", "IV": "billing", "BY": "buyer"}
_TOTALS = ("86", "128", "77", "9", "39")
LINE_AMOUNT, LINES_TOTAL, TAX_AMOUNT = "203", "79", "124"
TAX_TOTAL = "176"
_OF_ALC = {"8": "", "23": "C", "204": "A"}
_PRICES = ("AAA", "INV", "AAB")
GROSS_PRICE = "AAB"
DONE = "told"
ZERO = Decimal(0)
_READ = {*_TOTALS, *_OF_ALC, LINE_AMOUNT, LINES_TOTAL, TAX_AMOUNT, TAX_TOTAL}
DATE_CHARS = 8
ORDER = "ORDERS"


def read(text: str) -> tuple[list[dict[str, Any]], list[Segment], Separators]:
    """A body for each order, the segments, and the separators. Raises NotAnInterchange."""
    segments, marks = edifact(text)
    sender = segments[0].text(2)
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
                    bodies.append(_body(current, sender))
                current = None
    if current is not None:
        raise NotAnInterchange("The last message has no end.")
    if not bodies:
        raise NotAnInterchange("The interchange holds no ORDERS message.")
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
        "status": _FUNCTION.get(head.text(3), f"function {head.text(3)}"), "lines": [], "charges": [], "troubles": [],
        "standard": "edifact", "allowed": ZERO, "alc": "", "told": {},
    }
    for segment in segments:
        _about(body, segment)
    for line in body["lines"]:
        _closed(body, line)
    _totals(body)
    _counts(body, segments)
    del body["alc"]
    body["name"] = body.get("buyer", {}).get("name") or body.get("shipping", {}).get("name")
    return body


def _about(body: dict[str, Any], segment: Segment) -> None:
    line = body["lines"][-1] if body["lines"] and "summary" not in body else None
    if segment.tag in {"ALC", "LIN", "UNS"}:
        _require_amount(body)
    if segment.tag == "DTM" and segment.text(1) == "137":
        body["placedAt"] = _date(segment.text(1, 1))
    elif segment.tag == "CUX":
        body["currency"] = segment.text(1, 1)
    elif segment.tag == "NAD":
        _party(body, segment)
    elif segment.tag == "COM" and segment.text(1, 1) in {"EM", "TE"}:
        body[{"EM": "email", "TE": "phone"}[segment.text(1, 1)]] = segment.text(1)
    elif segment.tag == "LIN":
        body["lines"].append({"id": segment.text(1), "sku": segment.text(3), "title": "", "quantity": "", "gross": "", "off": ZERO, "more": ZERO})
    elif segment.tag == "ALC":
        body["alc"] = segment.text(1)
    elif segment.tag == "MOA":
        _amount(body, line, segment)
    elif segment.tag == "TAX":
        body["taxRates"] = body.get("taxRates") or (_figure(segment.text(5, 3)) or ZERO) != 0
    elif segment.tag == "UNS":
        body["summary"] = "1"
    if line is not None:
        _of_line(line, segment)


def _of_line(line: dict[str, Any], segment: Segment) -> None:
    if segment.tag == "PIA" and segment.text(2, 1) in {"SA", "MF"}:
        line["sku"] = segment.text(2)  # the supplier's own number goes before an EAN
    elif segment.tag == "IMD":
        line["title"] = segment.text(3, 3) or segment.text(3, 0)
    elif segment.tag == "QTY" and segment.text(1) == "21":
        line["quantity"] = segment.text(1, 1)
    elif segment.tag == "PRI" and segment.text(1) in _PRICES:
        line.setdefault("prices", {})[segment.text(1)] = (segment.text(1, 1), segment.text(1, 4))
    elif segment.tag == "TAX":
        line["taxRate"], line["taxTitle"] = segment.text(5, 3), segment.text(2)


def _amount(body: dict[str, Any], line: dict[str, Any] | None, segment: Segment) -> None:
    """An amount of the line above, or of the order. Note [What an allowance is of]."""
    kind, amount = segment.text(1), _figure(segment.text(1, 1))
    if segment.text(1, 2):
        body.setdefault("currency", segment.text(1, 2))
    if kind not in _READ:
        return
    if amount is None:
        _trouble(body, "unreadable_amount", f"The amount {kind} cannot be read.")
    elif kind in _OF_ALC:
        _allow(body, line, body["alc"] or _OF_ALC[kind], amount)
    elif kind == TAX_AMOUNT:
        where = body if line is None else line
        where["tax"] = where.get("tax", ZERO) + amount
    elif line is None:
        body["told"].setdefault(kind, amount)
    elif kind == LINE_AMOUNT:
        line["gross"] = amount


def _allow(body: dict[str, Any], line: dict[str, Any] | None, indicator: str, amount: Decimal) -> None:
    if not body["alc"] and line is None and (body["allowed"] or body["charges"]):
        return  # the summary says again what allowances and charges said
    if body["alc"]:
        body["alc"] = DONE
    if indicator == "A" and line is None:
        body["allowed"] += amount
    elif indicator == "A" and line is not None:
        line["off"] += amount
    elif indicator == "C":
        body["charges"].append({"kind": "fee", "title": "Charge", "gross": format(amount, "f")})
        if line is not None:
            line["more"] += amount
    elif indicator not in {"N", DONE}:
        _trouble(body, "unreadable_amount", "An amount is neither an allowance nor a charge.")


def _require_amount(body: dict[str, Any]) -> None:
    """What an allowance or charge comes to must be told, but for one of a line whose own amount or net price has it within."""
    if body["alc"] in {"A", "C"} and (not body["lines"] or "summary" in body):
        _trouble(body, "unreadable_amount", "An allowance or charge names no amount.")
    elif body["alc"] in {"A", "C"}:
        body["lines"][-1]["percent"] = True
    body["alc"] = ""


def _closed(body: dict[str, Any], line: dict[str, Any]) -> None:
    """What the line costs before its allowances and without its charges. Note [What an allowance is of]."""
    prices, off, more, percent = line.pop("prices", {}), line.pop("off"), line.pop("more"), line.pop("percent", False)
    kind = next((name for name in _PRICES if name in prices), "")
    price, basis = prices.get(kind, ("", ""))
    units, each, per = _figure(line["quantity"]), _figure(price), _figure(basis or "1")
    told = line["gross"] if line["gross"] != "" else None
    net = told
    if told is None and units is not None and each is not None and per:
        net = units * each / per + (more - off if kind == GROSS_PRICE else ZERO)
        if percent and kind == GROSS_PRICE:
            _trouble(body, "unreadable_amount", "An allowance or charge names no amount.")
    if net is not None:
        line["gross"] = format(net + off - more, "f")
        body["net"] = body.get("net", ZERO) + net
    line["discount"], line["quantity"] = format(off, "f"), "" if units is None else format(units, "f")
    if "tax" in line:
        line["tax"] = format(line["tax"], "f")
    line["title"] = line["title"] or line["sku"]


def _totals(body: dict[str, Any]) -> None:
    """The order's own tax is what its summary says beyond the lines'; of several totals it is the one the parts come to."""
    told, of_lines = body.pop("told"), [_figure(line["tax"]) or ZERO for line in body["lines"] if "tax" in line]
    tax = told.get(TAX_TOTAL, body.pop("tax", None))
    allowed, net, lines_total = body.pop("allowed"), body.pop("net", ZERO), told.get(LINES_TOTAL)
    if tax is not None:
        body["tax"] = format(tax - sum(of_lines, ZERO), "f")
    body["discount"] = format(allowed, "f")
    if lines_total is not None and not _is(lines_total, net):
        _trouble(body, "totals_do_not_add_up", f"The lines do not come to {lines_total}.")
    gross = sum((_figure(line["gross"]) or ZERO) - (_figure(line["discount"]) or ZERO) for line in body["lines"])
    charges = sum((_figure(charge["gross"]) or ZERO for charge in body["charges"]), ZERO)
    parts = gross + charges - allowed + (sum(of_lines, ZERO) if tax is None else tax)
    totals = [told[kind] for kind in _TOTALS if kind in told]
    if totals:
        body["total"] = format(next((total for total in totals if _is(total, parts)), totals[0]), "f")
    if body.pop("taxRates", False) and tax is None and not of_lines and not totals:
        _trouble(body, "unknown_tax", "A tax is named by its rate, and neither its amount nor a total is told.")


def _is(told: Decimal, found: Decimal) -> bool:
    """Whether the told amount is the found one, as far as the told one goes."""
    places = min(0, int(told.as_tuple().exponent))
    return abs(told - found) * 2 <= Decimal(1).scaleb(places)


def _trouble(body: dict[str, Any], code: str, detail: str) -> None:
    body["troubles"].append({"code": code, "detail": detail})


def _figure(text: str) -> Decimal | None:
    """A number; its decimal mark is a point or a comma."""
    return number(text.replace(",", "."))


def _party(body: dict[str, Any], segment: Segment) -> None:
    name = _PARTIES.get(segment.text(1))
    if name is None:
        return
    found = {
        "name": segment.text(4) or segment.text(3), "line1": segment.text(5), "line2": segment.text(5, 1), "city": segment.text(6),
        "state": segment.text(7), "postalCode": segment.text(8), "country": segment.text(9),
    }
    if body["lines"] and body.get(name, found) != found:
        _trouble(body, "several_destinations", "Lines of the order go to different places.")
    else:
        body[name] = found


def _counts(body: dict[str, Any], segments: list[Segment]) -> None:
    told = next((segment for segment in segments if segment.tag == "CNT" and segment.text(1) == "2"), None)
    if told is not None and told.text(1, 1) != str(len(body["lines"])):
        body["troubles"].append({"code": "lines_missing", "detail": f"The order says it has {told.text(1, 1)} lines, {len(body['lines'])} were read."})
    if segments[-1].text(1) != str(len(segments)):
        body["troubles"].append({"code": "segments_missing", "detail": f"The order says it has {segments[-1].text(1)} segments, {len(segments)} were read."})


def _date(text: str) -> str:
    return f"{text[:4]}-{text[4:6]}-{text[6:8]}" if len(text) >= DATE_CHARS and text[:8].isdigit() else ""
