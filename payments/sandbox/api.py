"""The documented REST interface below ``/v1``: which path does what."""

from __future__ import annotations

import base64
import binascii
import datetime as dt
import hashlib
import hmac
import re
import time
from collections.abc import Callable
from http import HTTPStatus
from typing import Any

from payments.sandbox import bank, disputes, faults, payouts
from payments.sandbox.entities import Entity
from payments.sandbox.problems import Problem, unknown_path
from payments.sandbox.store import Ledger, Store
from payments.sandbox.wire import Reply, Request, compact, reply

COUNT_MAX = 100
RECON_COUNT_MAX = 1000
SECONDS_MAX = 10**11
YEAR_MIN, YEAR_MAX = 2000, 2200
# A key whose request died with the process is free again after this.
CLAIM_S = 30.0
KEY = re.compile(r"[A-Za-z0-9_-]{10,128}")

Handler = Callable[[Ledger, str, Request, list[str]], Any]


def answer(store: Store, *, key_id: str, key_secret: str, account_id: str, request: Request) -> Reply:
    """Answer a request below ``/v1`` (the path already without it); a Problem for what is refused."""
    _authenticate(request, key_id, key_secret)
    keyed = re.fullmatch(r"/payments/([^/]+)/refund", request.path)
    if request.method == "POST" and keyed:
        return reply(_keyed_refund(store, account_id, request, keyed.group(1)))
    known_path = False
    for method, pattern, handle in ROUTES:
        matched = pattern.fullmatch(request.path)
        if matched is None:
            continue
        known_path = True
        if method == request.method:
            with store.transaction() as ledger:
                return reply(handle(ledger, account_id, request, list(matched.groups())))
    if known_path or keyed:
        raise Problem("The request method is not allowed.", status=HTTPStatus.METHOD_NOT_ALLOWED, reason="NA")
    raise unknown_path()


def _authenticate(request: Request, key_id: str, key_secret: str) -> None:
    scheme, _, encoded = request.headers.get("authorization", "").partition(" ")
    try:
        given = base64.b64decode(encoded.strip(), validate=True) if scheme.lower() == "basic" else b""
    except (binascii.Error, ValueError):
        given = b""
    if not hmac.compare_digest(given, f"{key_id}:{key_secret}".encode()):
        raise Problem("Authentication failed", status=HTTPStatus.UNAUTHORIZED, reason="NA")


def _keyed_refund(store: Store, account_id: str, request: Request, payment_id: str) -> Entity:
    """A refund; with a key the same body gets the same refund, another body is refused, a running twin is 409."""
    wish = request.document()
    key = request.headers.get("x-refund-idempotency")
    if key is None:
        with store.transaction() as ledger:
            return bank.refund(ledger, account_id, payment_id=payment_id, wish=wish)
    if not KEY.fullmatch(key):
        raise Problem("The idempotency key must be at least 10 characters of A-Z, a-z, 0-9, - and _.", reason="NA")
    fingerprint = hashlib.sha256(payment_id.encode() + b"\n" + compact(sorted(wish.items()))).hexdigest()
    with store.transaction() as ledger:
        made = _claimed(ledger, key, fingerprint)
        if made is not None:
            return made
        ledger.hold_claim(key, fingerprint)
    if request.delay_s:
        time.sleep(request.delay_s)
        request.delay_s = 0.0
    try:
        with store.transaction() as ledger:
            refund = bank.refund(ledger, account_id, payment_id=payment_id, wish=wish)
            ledger.hold_claim(key, fingerprint, refund["id"])
            return refund
    except Problem:
        with store.transaction() as ledger:
            ledger.drop_claim(key)
        raise


def _claimed(ledger: Ledger, key: str, fingerprint: str) -> Entity | None:
    claim = ledger.claim(key)
    if claim is None:
        return None
    known, refund_id, claimed_at = claim
    if known != fingerprint:
        raise Problem("Different request with the same idempotency key has already been processed.", reason="NA")
    if refund_id is not None:
        return bank.find(ledger, "refund", refund_id)
    if ledger.now - claimed_at < CLAIM_S:
        raise faults.in_flight()
    return None


def _collection(found: list[Entity]) -> Entity:
    return {"entity": "collection", "count": len(found), "items": found}


def _list(kind: str) -> Handler:
    def handle(ledger: Ledger, _account_id: str, request: Request, _ids: list[str]) -> Entity:
        since = request.number("from", default=0, least=0, most=SECONDS_MAX)
        until = request.number("to", default=SECONDS_MAX, least=0, most=SECONDS_MAX)
        return _collection(
            ledger.page(
                kind,
                receipt=_plain(request.argument("receipt")) if kind == "order" else None,
                since=since,
                until=until,
                count=request.number("count", default=10, least=1, most=COUNT_MAX),
                skip=request.number("skip", default=0, least=0, most=SECONDS_MAX),
            )
        )

    return handle


def _children(kind: str, parent_kind: str) -> Handler:
    def handle(ledger: Ledger, _account_id: str, request: Request, ids: list[str]) -> Entity:
        bank.find(ledger, parent_kind, ids[0])
        count = request.number("count", default=COUNT_MAX, least=1, most=COUNT_MAX)
        skip = request.number("skip", default=0, least=0, most=SECONDS_MAX)
        return _collection(ledger.page(kind, parent=ids[0], count=count, skip=skip))

    return handle


def _one(kind: str) -> Handler:
    return lambda ledger, _account_id, _request, ids: bank.find(ledger, kind, ids[0])


def _edit(kind: str) -> Handler:
    return lambda ledger, _account_id, request, ids: bank.edit_notes(ledger, kind, ids[0], request.document())


def _create_order(ledger: Ledger, _account_id: str, request: Request, _ids: list[str]) -> Entity:
    return bank.open_order(ledger, request.document())


def _capture(ledger: Ledger, account_id: str, request: Request, ids: list[str]) -> Entity:
    return bank.capture(ledger, account_id, payment_id=ids[0], wish=request.document())


def _refund_of_payment(ledger: Ledger, _account_id: str, _request: Request, ids: list[str]) -> Entity:
    found = bank.find(ledger, "refund", ids[1])
    if found["payment_id"] != ids[0]:
        raise Problem("The id provided does not exist")
    return found


def _settlements(ledger: Ledger, account_id: str, request: Request, ids: list[str]) -> Entity:
    payouts.settle(ledger, account_id, before=payouts.start_of_day(ledger.now))
    found: Entity = _list("settlement")(ledger, account_id, request, ids)
    return found


def _recon(ledger: Ledger, account_id: str, request: Request, _ids: list[str]) -> Entity:
    """The lines settled in a month, or on a day of it, as India reckons days."""
    payouts.settle(ledger, account_id, before=payouts.start_of_day(ledger.now))
    year = request.number("year", default=0, least=YEAR_MIN, most=YEAR_MAX)
    month = request.number("month", default=0, least=1, most=12)
    if not year or not month:
        raise Problem("The year and month fields are required.", field="month" if year else "year")
    day = request.number("day", default=0, least=1, most=31)
    try:
        first = dt.date(year, month, day or 1)
    except ValueError as error:
        raise Problem("There is no such day.", field="day") from error
    after = first + dt.timedelta(days=1) if day else (first + dt.timedelta(days=31)).replace(day=1)
    lines = payouts.recon_items(ledger, since=_midnight(first), until=_midnight(after) - 1)
    count = request.number("count", default=RECON_COUNT_MAX, least=1, most=RECON_COUNT_MAX)
    skip = request.number("skip", default=0, least=0, most=SECONDS_MAX)
    return _collection(lines[skip : skip + count])


def _accept_dispute(ledger: Ledger, account_id: str, _request: Request, ids: list[str]) -> Entity:
    return disputes.move(ledger, account_id, dispute_id=ids[0], status="lost")


def _contest_dispute(ledger: Ledger, account_id: str, request: Request, ids: list[str]) -> Entity:
    return disputes.contest(ledger, account_id, dispute_id=ids[0], wish=request.document())


def _midnight(day: dt.date) -> int:
    return (day.toordinal() - dt.date(1970, 1, 1).toordinal()) * payouts.DAY_S - payouts.INDIA_OFFSET_S


def _plain(found: str | None) -> str | None:
    return found.encode("utf-8", "replace").decode() if found is not None else None


def _routes(*rows: tuple[str, str, Handler]) -> list[tuple[str, re.Pattern[str], Handler]]:
    return [(method, re.compile(pattern.replace("{}", "([^/]+)")), handle) for method, pattern, handle in rows]


ROUTES = _routes(
    ("POST", "/orders", _create_order),
    ("GET", "/orders", _list("order")),
    ("GET", "/orders/{}", _one("order")),
    ("PATCH", "/orders/{}", _edit("order")),
    ("GET", "/orders/{}/payments", _children("payment", "order")),
    ("GET", "/payments", _list("payment")),
    ("GET", "/payments/{}", _one("payment")),
    ("PATCH", "/payments/{}", _edit("payment")),
    ("POST", "/payments/{}/capture", _capture),
    ("GET", "/payments/{}/refunds", _children("refund", "payment")),
    ("GET", "/payments/{}/refunds/{}", _refund_of_payment),
    ("GET", "/refunds", _list("refund")),
    ("GET", "/refunds/{}", _one("refund")),
    ("PATCH", "/refunds/{}", _edit("refund")),
    ("GET", "/settlements", _settlements),
    ("GET", "/settlements/recon/combined", _recon),
    ("GET", "/settlements/{}", _one("settlement")),
    ("GET", "/disputes", _list("dispute")),
    ("GET", "/disputes/{}", _one("dispute")),
    ("POST", "/disputes/{}/accept", _accept_dispute),
    ("PATCH", "/disputes/{}/contest", _contest_dispute),
)
