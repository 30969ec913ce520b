"""What is not the provider's: the customer at the pay page, and the script of what goes wrong."""

from __future__ import annotations

import re
from collections.abc import Callable
from http import HTTPStatus
from typing import Any

from payments.sandbox import bank, disputes, faults, payouts
from payments.sandbox.problems import Problem, unknown_path
from payments.sandbox.store import Ledger, Store
from payments.sandbox.wire import Reply, Request, reply

FEE_BP_MAX = 1000
SECONDS_MAX = 10**11

Handler = Callable[[Ledger, str, Request, list[str]], Any]


def answer(store: Store, *, account_id: str, request: Request) -> Reply:
    """Answer a control request (the path already without ``/sandbox/razorpay``); a Problem for what is refused."""
    for method, pattern, handle in ROUTES:
        matched = pattern.fullmatch(request.path)
        if matched is not None and method == request.method:
            with store.transaction() as ledger:
                found = handle(ledger, account_id, request, list(matched.groups()))
                return found if isinstance(found, Reply) else reply(found)
    raise unknown_path()


def _show(ledger: Ledger, _account_id: str, _request: Request, _ids: list[str]) -> Any:
    return {**ledger.setting("faults"), "outbox": ledger.outbox_counts()}


def _script(ledger: Ledger, _account_id: str, request: Request, _ids: list[str]) -> Any:
    return faults.script(ledger, request.document())


def _clear(ledger: Ledger, _account_id: str, _request: Request, _ids: list[str]) -> Any:
    faults.clear(ledger)
    return {}


def _flush(ledger: Ledger, _account_id: str, _request: Request, _ids: list[str]) -> Any:
    return {"released": ledger.release_letters()}


def _authorise_late(ledger: Ledger, account_id: str, _request: Request, ids: list[str]) -> Any:
    return bank.authorise_late(ledger, account_id, payment_id=ids[0])


def _double_pay(ledger: Ledger, _account_id: str, _request: Request, ids: list[str]) -> Any:
    return bank.allow_double_pay(ledger, order_id=ids[0])


def _refund(ledger: Ledger, account_id: str, request: Request, ids: list[str]) -> Any:
    return bank.refund(ledger, account_id, payment_id=ids[0], wish=request.document())


def _settle(ledger: Ledger, account_id: str, _request: Request, _ids: list[str]) -> Any:
    return payouts.settle(ledger, account_id, before=int(ledger.now) + 1) or {"settled": 0}


def _dispute(ledger: Ledger, account_id: str, request: Request, ids: list[str]) -> Any:
    return disputes.open_(ledger, account_id, payment_id=ids[0], wish=request.document())


def _move_dispute(ledger: Ledger, account_id: str, request: Request, ids: list[str]) -> Any:
    status = request.document().get("status")
    if not isinstance(status, str):
        raise Problem("The status must be a string.", field="status")
    return disputes.move(ledger, account_id, dispute_id=ids[0], status=status)


def _ask_evidence(ledger: Ledger, account_id: str, _request: Request, ids: list[str]) -> Any:
    return disputes.ask_evidence(ledger, account_id, dispute_id=ids[0])


def _set_fee(ledger: Ledger, _account_id: str, request: Request, _ids: list[str]) -> Any:
    bp = request.document().get("bp")
    if not isinstance(bp, int) or isinstance(bp, bool) or not 0 <= bp <= FEE_BP_MAX:
        raise Problem(f"bp must be a whole number from 0 to {FEE_BP_MAX}.", field="bp")
    ledger.set_setting("fee", {"bp": bp})
    return {"bp": bp}


def _statement(ledger: Ledger, _account_id: str, request: Request, _ids: list[str]) -> Reply:
    since = request.number("from", default=0, least=0, most=SECONDS_MAX)
    until = request.number("to", default=SECONDS_MAX, least=0, most=SECONDS_MAX)
    text = payouts.statement(ledger, since=since, until=until)
    return Reply(HTTPStatus.OK, text.encode(), "text/csv; charset=utf-8")


ROUTES: list[tuple[str, re.Pattern[str], Handler]] = [
    ("GET", re.compile("/faults"), _show),
    ("POST", re.compile("/faults"), _script),
    ("DELETE", re.compile("/faults"), _clear),
    ("POST", re.compile("/webhooks/flush"), _flush),
    ("POST", re.compile("/late-authorise/([^/]+)"), _authorise_late),
    ("POST", re.compile("/double-pay/([^/]+)"), _double_pay),
    ("POST", re.compile("/refund-from-dashboard/([^/]+)"), _refund),
    ("POST", re.compile("/settle"), _settle),
    ("POST", re.compile("/dispute/([^/]+)"), _dispute),
    ("POST", re.compile("/dispute/([^/]+)/status"), _move_dispute),
    ("POST", re.compile("/dispute/([^/]+)/ask-evidence"), _ask_evidence),
    ("POST", re.compile("/fee"), _set_fee),
    ("GET", re.compile("/bank-statement"), _statement),
]
