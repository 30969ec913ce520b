"""How carriers are spoken to: JSON over HTTP within limits, and every failure as one of the carrier's typed errors.

What was not sent is busy, what was sent and not answered is in doubt (a 5xx too: it may have acted), what was refused is refused.
"""

from __future__ import annotations

import json
from decimal import Decimal, InvalidOperation
from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit

import requests

from shipping.carriers.base import CarrierBusy, CarrierInDoubt, CarrierMisconfigured, CarrierRefused
from timeline.network import session_factory

WORDS_CHARS_MAX = 200
PDF = b"%PDF-"
AMOUNT_MINOR_MAX = 10**9


class Unauthorised(CarrierMisconfigured):
    """The carrier does not take our token (any more)."""


class Wire:
    """One carrier's API. Not to be shared by threads. `files_from` are host endings its documents may be fetched from."""

    def __init__(self, base_url: str, *, files_from: tuple[str, ...] = (), session: requests.Session | None = None) -> None:
        self._base = base_url.rstrip("/")
        self._files_from = files_from
        self._session = session if session is not None else session_factory()

    def ask(self, method: str, path: str, *, headers: dict[str, str] | None = None, **words: Any) -> Any:
        """Send and read JSON (numbers as Decimal). `words` are those of requests: params, json, data."""
        reply = self._send(method, f"{self._base}{path}", headers=headers, **words)
        try:
            return json.loads(reply.content or b"null", parse_float=Decimal)
        except (ValueError, RecursionError) as error:
            raise CarrierInDoubt("the answer is not JSON") from error

    def fetch_pdf(self, url: str) -> bytes:
        """A document the carrier's answer points to: from its own hosts only, without our credentials."""
        there, home = urlsplit(url), urlsplit(self._base)
        is_home = (there.scheme, there.netloc) == (home.scheme, home.netloc)
        host = there.hostname or ""
        is_listed = there.scheme == "https" and any(host == end or host.endswith(f".{end}") for end in self._files_from)
        if not is_home and not is_listed:
            raise CarrierMisconfigured("the label lies on a host that is not the carrier's")
        body = self._send("GET", url).content
        if not body.startswith(PDF):
            raise CarrierInDoubt("the label is not a PDF")
        return body

    def _send(self, method: str, url: str, **words: Any) -> requests.Response:
        try:
            reply = self._session.request(method, url, **words)
        except requests.exceptions.ConnectTimeout as error:
            raise CarrierBusy("no connection in time") from error
        except requests.exceptions.ConnectionError as error:
            if _never_connected(error):
                raise CarrierBusy("no connection") from error
            raise CarrierInDoubt("the connection was cut") from error
        except requests.exceptions.RequestException as error:
            raise CarrierInDoubt(type(error).__name__) from error
        _check(reply)
        return reply


def _check(reply: requests.Response) -> None:
    status = reply.status_code
    if status < HTTPStatus.MULTIPLE_CHOICES:
        return
    if status == HTTPStatus.UNAUTHORIZED:
        raise Unauthorised(f"http {status}")
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        raise CarrierBusy("too many requests")
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        raise CarrierInDoubt(f"http {status}")
    if status < HTTPStatus.BAD_REQUEST or status == HTTPStatus.FORBIDDEN:
        raise CarrierMisconfigured(f"http {status}")
    raise CarrierRefused(words_in(reply.content) or f"http {status}")


def _never_connected(error: BaseException) -> bool:
    """Whether the request never left: no name, no route, nobody listening."""
    names: set[str] = set()
    seen: BaseException | None = error
    while seen is not None and len(names) < 10:  # noqa: PLR2004 a chain of errors is short
        names.add(type(seen).__name__)
        reason = getattr(seen, "reason", None) or (seen.args[0] if seen.args else None)
        seen = reason if isinstance(reason, BaseException) else None
    return bool(names & {"NewConnectionError", "NameResolutionError", "ConnectionRefusedError"})


def words_in(body: bytes) -> str:
    """The sentence of a refusal, cut; empty when there is none that can be read."""
    try:
        said: Any = json.loads(body)
    except (ValueError, RecursionError):
        return ""
    for key in ("message", "error", "remark", "rmk", "detail"):
        if text(said, key):
            return text(said, key)[:WORDS_CHARS_MAX]
    return ""


def part(said: Any, *path: str | int) -> Any:
    """What stands at this place of a JSON answer; None where the way ends."""
    for step in path:
        if isinstance(step, int):
            said = said[step] if isinstance(said, list) and len(said) > step else None
        else:
            said = said.get(step) if isinstance(said, dict) else None
    return said


def text(said: Any, *path: str | int) -> str:
    """The text or number at this place, as text; empty for anything else."""
    found = part(said, *path)
    return str(found).strip() if isinstance(found, str | int | Decimal) and not isinstance(found, bool) else ""


def rows(said: Any, *path: str | int) -> list[dict[str, Any]]:
    """The objects of the list at this place."""
    found = part(said, *path)
    return [row for row in found if isinstance(row, dict)] if isinstance(found, list) else []


def minor(said: Any) -> int:
    """Rupees of an answer in paise, rounded up: what we are told it costs at most. Raises CarrierInDoubt."""
    try:
        amount = Decimal(str(said)) * 100
        whole = int(amount.to_integral_value(rounding="ROUND_CEILING"))
    except (InvalidOperation, ValueError, OverflowError) as error:
        raise CarrierInDoubt("an amount that is none") from error
    if not 0 <= whole <= AMOUNT_MINOR_MAX:
        raise CarrierInDoubt("an amount that is none")
    return whole


def rupees(amount_minor: int) -> float:
    """Paise as the number of rupees that carriers' JSON wants."""
    return float(Decimal(amount_minor) / 100)


def kilograms(weight_g: int) -> float:
    """Grams as the kilograms that carriers' JSON wants; nothing weighs nothing."""
    return float(Decimal(max(weight_g, 1)) / 1000)
