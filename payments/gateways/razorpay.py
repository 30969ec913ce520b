"""Razorpay through its own SDK, with what the SDK lacks: time limits, typed errors, keys, no retries of its own.

The SDK gets our transport instead of a session. The transport turns every failure into one of the gateway's typed
errors before the SDK sees it, so that the SDK neither prints nor loses the status, code, field and reason.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from http import HTTPStatus
from typing import Any, Literal

import razorpay
import requests

from payments.gateways import razorpay_replies as replies
from payments.gateways import razorpay_statements as statements
from payments.gateways.base import (
    GatewayBusy,
    GatewayDispute,
    GatewayError,
    GatewayMisconfigured,
    GatewayOrder,
    GatewayPayment,
    GatewayRefund,
    GatewayRefused,
    GatewaySettlement,
    GatewaySettlementLine,
    InDoubt,
    Speed,
)
from timeline.network import TIMEOUT_S, ReplyTooLarge, session_factory

ID = re.compile(r"[A-Za-z0-9]+_[A-Za-z0-9]{1,40}")
IDEMPOTENCY_KEY = re.compile(r"[A-Za-z0-9_-]{10,128}")
PAGE_MAX = 100
PAGES_MAX = 100
LINES_PAGE_MAX = 500
LINES_PAGES_MAX = 400
RETRY_AFTER_S_MAX = 3600
# Refusals that still leave open whether the bank behind the gateway acted.
DOUBTFUL_CODES = frozenset({"GATEWAY_ERROR", "SERVER_ERROR"})
# Minutes: captured by itself when authorised so soon after it began; otherwise ours to capture for five days.
CAPTURE_OPTIONS = {"automatic_expiry_period": 12, "manual_expiry_period": 7200, "refund_speed": "normal"}
SUMMARY_CHARS_MAX = 1000
ORDER_RANK = {"created": 0, "attempted": 1, "paid": 2}


def verify_webhook(raw: bytes, signature: str | None, secrets: Sequence[str]) -> bool:
    """Whether a webhook body was signed with one of the secrets (several while they are being changed).

    The signature is the hex HMAC-SHA256 of the raw bytes, as received and before any parsing. Never raises.
    """
    return any(secret and _same(_hmac(secret, raw), signature) for secret in secrets)


class RazorpayGateway:
    """The gateway. One per thread, because its session is.

    ``base_url`` may end in ``/v1`` or not. ``capture`` is what orders ask for: ``automatic``, or ``manual`` when the
    shop wants to decide about each authorised payment.
    """

    def __init__(
        self,
        key_id: str,
        key_secret: str,
        base_url: str = "https://api.razorpay.com/v1",
        timeout: tuple[float, float] = TIMEOUT_S,
        session: requests.Session | None = None,
        *,
        capture: Literal["automatic", "manual"] = "automatic",
    ) -> None:
        self._key_secret = key_secret
        self._capture = capture
        transport = _Transport(session if session is not None else session_factory(timeout), timeout)
        # The SDK puts /v1 in front of each of its paths.
        root = base_url.rstrip("/").removesuffix("/v1")
        self._client = razorpay.Client(session=transport, auth=(key_id, key_secret), base_url=root)

    def create_order(self, *, amount_minor: int, currency: str, receipt: str, notes: Mapping[str, str]) -> GatewayOrder:
        """Make an order. Not idempotent at Razorpay: after doubt, look with ``find_order`` first."""
        wish = {
            "amount": amount_minor,
            "currency": currency,
            "receipt": receipt,
            "notes": dict(notes),
            "payment": {"capture": self._capture, "capture_options": dict(CAPTURE_OPTIONS)},
        }
        return replies.order(self._client.order.create(wish))

    def find_order(self, *, receipt: str) -> GatewayOrder | None:
        """The order made for a receipt; of several the one furthest on, then the oldest."""
        found = replies.items(self._client.order.all({"receipt": receipt, "count": PAGE_MAX}))
        # The oldest come last, and max() keeps the first of equals.
        orders = [order for order in map(replies.order, reversed(found)) if order.receipt == receipt]
        return max(orders, key=lambda order: ORDER_RANK.get(order.status, 0), default=None)

    def payments_of(self, *, gateway_order_id: str) -> list[GatewayPayment]:
        """Every attempt to pay an order, which Razorpay gives in one piece."""
        reply = self._client.order.payments(_id(gateway_order_id), {})
        return [replies.payment(found) for found in replies.items(reply)]

    def fetch_payment(self, *, gateway_payment_id: str) -> GatewayPayment:
        """A payment as it stands now."""
        return replies.payment(self._client.payment.fetch(_id(gateway_payment_id), {}))

    def capture(self, *, gateway_payment_id: str, amount_minor: int, currency: str) -> GatewayPayment:
        """Take an authorised payment, whole; one already captured is refused."""
        reply = self._client.payment.capture(_id(gateway_payment_id), amount_minor, {"currency": currency})
        return replies.payment(reply)

    def refund(
        self,
        *,
        gateway_payment_id: str,
        amount_minor: int,
        idempotency_key: str,
        receipt: str,
        notes: Mapping[str, str],
        speed: Speed = "normal",
    ) -> GatewayRefund:
        """Give money back. The same key and body give the same refund; another body under the key is refused.

        The key is at least ten of ``A-Z a-z 0-9 _ -``, else ValueError.
        """
        if not IDEMPOTENCY_KEY.fullmatch(idempotency_key):
            raise ValueError("An idempotency key is at least 10 letters, digits, _ or -.")
        wish = {"amount": amount_minor, "speed": speed, "receipt": receipt, "notes": dict(notes)}
        headers = {"X-Refund-Idempotency": idempotency_key}
        return replies.refund(self._client.payment.refund(_id(gateway_payment_id), wish, headers=headers))

    def refunds_of(self, *, gateway_payment_id: str) -> list[GatewayRefund]:
        """Every refund of a payment, up to ten thousand; more is InDoubt."""
        paid = _id(gateway_payment_id)
        found = _all_pages(lambda wish: self._client.payment.fetch_multiple_refund(paid, wish))
        return [replies.refund(item) for item in found]

    def fetch_refund(self, *, gateway_refund_id: str) -> GatewayRefund:
        """A refund as it stands now."""
        return replies.refund(self._client.refund.fetch(_id(gateway_refund_id), {}))

    def settlement_lines(self, *, day: date) -> list[GatewaySettlementLine]:
        """Every line of the reconciliation report of a day, up to 200,000; more is InDoubt."""
        wish = {"year": day.year, "month": day.month, "day": day.day}
        report = self._client.settlement.report
        found = _all_pages(lambda page: report({**wish, **page}), size=LINES_PAGE_MAX, most=LINES_PAGES_MAX)
        return [statements.line(item) for item in found]

    def fetch_settlement(self, *, gateway_settlement_id: str) -> GatewaySettlement:
        """A payout as it stands now."""
        return statements.settlement(self._client.settlement.fetch(_id(gateway_settlement_id), {}))

    def disputes(self, *, since: datetime) -> list[GatewayDispute]:
        """Every dispute opened since a moment, up to ten thousand; more is InDoubt."""
        opened = {"from": int(since.timestamp())}
        found = _all_pages(lambda page: self._client.dispute.all({**opened, **page}))
        return [statements.dispute(item) for item in found]

    def fetch_dispute(self, *, gateway_dispute_id: str) -> GatewayDispute:
        """A dispute as it stands now."""
        return statements.dispute(self._client.dispute.fetch(_id(gateway_dispute_id), {}))

    def accept_dispute(self, *, gateway_dispute_id: str) -> GatewayDispute:
        """Concede; one that is decided already is refused."""
        return statements.dispute(self._client.dispute.accept(_id(gateway_dispute_id), {}))

    def contest_dispute(self, *, gateway_dispute_id: str, amount_minor: int, summary: str) -> GatewayDispute:
        """Submit our side of it; one that is decided already is refused."""
        wish = {"amount": amount_minor, "summary": summary[:SUMMARY_CHARS_MAX], "action": "submit"}
        return statements.dispute(self._client.dispute.contest(_id(gateway_dispute_id), wish))

    def check_return(self, *, gateway_order_id: str, gateway_payment_id: str, signature: str | None) -> bool:
        """Whether the pay page signed this payment for this order; pass the order id *we* stored. Never raises."""
        if not (ID.fullmatch(gateway_order_id) and ID.fullmatch(gateway_payment_id)):
            return False
        return _same(_hmac(self._key_secret, f"{gateway_order_id}|{gateway_payment_id}".encode()), signature)


def _all_pages(
    ask: Callable[[dict[str, int]], Any], *, size: int = PAGE_MAX, most: int = PAGES_MAX
) -> list[Mapping[str, Any]]:
    found: list[Mapping[str, Any]] = []
    for page in range(most):
        part = replies.items(ask({"count": size, "skip": page * size}))
        found += part
        if len(part) < size:
            return found
    # A list cut short would look like money that is not there.
    raise InDoubt("too_large", f"The gateway has more than {most * size} of these.")


class _Transport:
    """Stands where the SDK expects a ``requests`` session, and raises typed errors in the SDK's stead."""

    def __init__(self, session: requests.Session, timeout: tuple[float, float]) -> None:
        self._session = session
        self._timeout = timeout

    def get(self, url: str, **options: Any) -> requests.Response:
        return self._send("GET", url, options)

    def post(self, url: str, **options: Any) -> requests.Response:
        return self._send("POST", url, options)

    def patch(self, url: str, **options: Any) -> requests.Response:
        return self._send("PATCH", url, options)

    def _send(self, method: str, url: str, options: dict[str, Any]) -> requests.Response:
        # The SDK pins a bundle of certificates of its own; ours are certifi's, which are kept up to date.
        options.pop("verify", None)
        options["timeout"] = self._timeout
        options["allow_redirects"] = False
        try:
            response = self._session.request(method, url, **options)
        except requests.exceptions.ConnectTimeout as error:
            raise InDoubt("unreachable", "The gateway could not be reached in time.") from error
        except requests.exceptions.Timeout as error:
            raise InDoubt("timeout", "The gateway did not answer in time.") from error
        except ReplyTooLarge as error:
            raise InDoubt("too_large", "The gateway's answer did not end.") from error
        except requests.exceptions.RequestException as error:
            raise InDoubt("cut", "The connection to the gateway broke.") from error
        failure = _failure(response)
        if failure is not None:
            raise failure
        return response


def _failure(response: requests.Response) -> GatewayError | None:
    """What is wrong with an answer; None when it is an honest success."""
    status = response.status_code
    if status == HTTPStatus.UNAUTHORIZED:
        return GatewayMisconfigured("The gateway does not accept our key and secret.")
    if status in (HTTPStatus.CONFLICT, HTTPStatus.TOO_MANY_REQUESTS):
        return GatewayBusy(_describe(response), status=status, retry_after_s=_retry_after(response))
    body = _document(response)
    if HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES and body is not None and not body.get("error"):
        return None
    return _refusal(status, body) or InDoubt(_doubt(status, body), _describe(response), status=status)


def _refusal(status: int, body: dict[str, Any] | None) -> GatewayRefused | None:
    """The gateway's plain no: a 4xx in the documented envelope whose code does not leave the outcome open."""
    error = (body or {}).get("error")
    if not HTTPStatus.BAD_REQUEST <= status < HTTPStatus.INTERNAL_SERVER_ERROR or not isinstance(error, dict):
        return None
    if status == HTTPStatus.REQUEST_TIMEOUT or str(error.get("code")).upper() in DOUBTFUL_CODES:
        return None
    return GatewayRefused(
        str(error.get("description") or "The gateway refused."),
        code=str(error.get("code") or ""),
        field=error.get("field"),
        reason=error.get("reason"),
        status=status,
        raw=error,
    )


def _doubt(status: int, body: dict[str, Any] | None) -> str:
    if not HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES:
        return "http_error"
    return "not_json" if body is None else "error_in_success"


def _document(response: requests.Response) -> dict[str, Any] | None:
    try:
        found = response.json()
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def _describe(response: requests.Response) -> str:
    error = (_document(response) or {}).get("error")
    described = error.get("description") if isinstance(error, dict) else None
    return str(described or f"HTTP {response.status_code}")[:500]


def _retry_after(response: requests.Response) -> int | None:
    text = response.headers.get("Retry-After", "")
    if not (text.isascii() and text.isdigit()) or len(text) > len(str(RETRY_AFTER_S_MAX)):
        return None
    return min(int(text), RETRY_AFTER_S_MAX)


def _id(found: str) -> str:
    """An id fit to stand in a path; ids reach us from browsers, so what is none is refused before it is sent."""
    if not ID.fullmatch(found):
        raise GatewayRefused("That is not an id of the gateway.", code="BAD_REQUEST_ERROR", field="id")
    return found


def _hmac(secret: str, message: bytes) -> bytes:
    return hmac.new(secret.encode("utf-8", "surrogatepass"), message, hashlib.sha256).hexdigest().encode()


def _same(expected: bytes, signature: str | None) -> bool:
    if not isinstance(signature, str):
        return False
    return hmac.compare_digest(expected, signature.encode("utf-8", "surrogatepass"))
