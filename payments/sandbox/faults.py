"""Scripted faults: what goes wrong next, and with what.

``next`` is a list of faults taken in turn by the requests they match; ``webhooks`` bends the deliveries; ``refunds``
decides what becomes of refunds; ``recon`` bends payouts and ``bank`` the bank's statement (``payments.sandbox.payouts``).
A script replaces those parts it names, and lives in the database file.
"""

from __future__ import annotations

from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from payments.sandbox.problems import Problem
from payments.sandbox.store import Ledger
from payments.sandbox.wire import Reply, reply

KINDS = ("timeout", "cut", "slow", "http_500", "http_502_html", "http_429", "conflict_409", "error_200")
OUTCOMES = ("processed", "failed", "stuck")
DELAY_S_MAX = 60.0
TIMEOUT_DELAY_S = 15.0
TIMES_MAX = 10_000
REFUND_AFTER_S = 1.0
REFUND_AFTER_S_MAX = 30 * 86400.0
HTML = b"<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n<body><h1>502 Bad Gateway</h1></body>\r\n</html>\r\n"


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault. ``after_effect``: what was asked is done and only the answer goes wrong."""

    kind: str
    after_effect: bool
    delay_s: float

    def reply(self) -> Reply:
        """The answer that goes wrong."""
        return {
            "timeout": Reply(HTTPStatus.OK, cut_after=0),
            "cut": Reply(HTTPStatus.OK, b'{"id":"' + b" " * 500, cut_after=7),
            "http_500": reply(_error("We are facing some trouble completing your request at the moment. Please try"
                                     " again shortly.", "SERVER_ERROR"), HTTPStatus.INTERNAL_SERVER_ERROR),
            "http_502_html": Reply(HTTPStatus.BAD_GATEWAY, HTML, "text/html"),
            "http_429": reply(_error("Request failed. Please try after sometime."), HTTPStatus.TOO_MANY_REQUESTS),
            "conflict_409": reply(in_flight().envelope(), HTTPStatus.CONFLICT),
            "error_200": reply(_error("The gateway could not complete the request.", "GATEWAY_ERROR")),
        }[self.kind]  # fmt: skip


@dataclass(frozen=True, slots=True)
class WebhookRules:
    """How deliveries are bent at the moment."""

    repeat: int = 1
    shuffle: bool = False
    drop: tuple[str, ...] = ()
    delay_s: float = 0.0
    paused: bool = False


@dataclass(frozen=True, slots=True)
class RefundRules:
    """What becomes of refunds made at the moment."""

    outcome: str = "processed"
    after_s: float = REFUND_AFTER_S
    speed_changed: bool = False


def in_flight() -> Problem:
    """The refusal of a request whose key another one is using."""
    return Problem(
        "Another request with the same idempotency key is in progress.", status=HTTPStatus.CONFLICT, reason="NA"
    )


def take(ledger: Ledger, *, method: str, path: str) -> Fault | None:
    """The first scripted fault this request matches, one use of it spent; None when nothing is to go wrong."""
    script = ledger.setting("faults")
    for place, entry in enumerate(script.get("next", [])):
        wanted_method, _, wanted_path = entry["match"].partition(" ")
        if wanted_method not in {method, "ANY"} or wanted_path not in path:
            continue
        entry["times"] -= 1
        if entry["times"] <= 0:
            del script["next"][place]
        ledger.set_setting("faults", script)
        return Fault(entry["fault"], entry["after_effect"], entry["delay_s"])
    return None


def webhook_rules(ledger: Ledger) -> WebhookRules:
    """The rules for deliveries now."""
    found = ledger.setting("faults").get("webhooks", {})
    return WebhookRules(**{**found, "drop": tuple(found.get("drop", ()))})


def refund_rules(ledger: Ledger) -> RefundRules:
    """The rules for refunds now."""
    return RefundRules(**ledger.setting("faults").get("refunds", {}))


def script(ledger: Ledger, wish: dict[str, Any]) -> dict[str, Any]:
    """Set the parts of the script that are named; a Problem for what is not understood."""
    readers = {
        "next": _read_next, "webhooks": _read_webhooks, "refunds": _read_refunds, "recon": _read_recon, "bank": _read_bank,
    }  # fmt: skip
    _only(wish, readers)
    stored = ledger.setting("faults")
    for name, read in readers.items():
        if name in wish:
            stored[name] = read(wish[name])
    ledger.set_setting("faults", stored)
    return stored


def clear(ledger: Ledger) -> None:
    """Nothing goes wrong from now on."""
    ledger.set_setting("faults", {})


def _read_next(found: Any) -> list[dict[str, Any]]:
    if not isinstance(found, list) or not all(isinstance(entry, dict) for entry in found):
        raise Problem("next must be a list of faults.", field="next")
    return [_read_fault(entry) for entry in found]


def _read_fault(entry: dict[str, Any]) -> dict[str, Any]:
    _only(entry, ("match", "fault", "after_effect", "delay_s", "times"))
    match = entry.get("match", "ANY ")
    if not isinstance(match, str):
        raise Problem('match must read like "POST /refund".', field="match")
    if entry.get("fault") not in KINDS:
        raise Problem(f"fault must be one of {', '.join(KINDS)}.", field="fault")
    default_s = TIMEOUT_DELAY_S if entry["fault"] == "timeout" else 0.0
    return {
        "match": match, "fault": entry["fault"], "after_effect": _flag(entry, "after_effect"),
        "delay_s": _seconds(entry, "delay_s", default_s), "times": _count(entry, "times"),
    }  # fmt: skip


def _read_webhooks(found: Any) -> dict[str, Any]:
    if not isinstance(found, dict):
        raise Problem("webhooks must be an object.", field="webhooks")
    _only(found, ("repeat", "shuffle", "drop", "delay_s", "paused"))
    drop = found.get("drop", [])
    if not isinstance(drop, list) or not all(isinstance(event, str) for event in drop):
        raise Problem("drop must be a list of event names.", field="drop")
    return {
        "repeat": _count(found, "repeat"), "shuffle": _flag(found, "shuffle"), "drop": drop,
        "delay_s": _seconds(found, "delay_s", 0.0), "paused": _flag(found, "paused"),
    }  # fmt: skip


def _read_refunds(found: Any) -> dict[str, Any]:
    if not isinstance(found, dict):
        raise Problem("refunds must be an object.", field="refunds")
    _only(found, ("outcome", "after_s", "speed_changed"))
    if found.get("outcome", "processed") not in OUTCOMES:
        raise Problem(f"outcome must be one of {', '.join(OUTCOMES)}.", field="outcome")
    return {
        "outcome": found.get("outcome", "processed"), "after_s": _seconds(found, "after_s", REFUND_AFTER_S, most=REFUND_AFTER_S_MAX),
        "speed_changed": _flag(found, "speed_changed"),
    }  # fmt: skip


def _read_recon(found: Any) -> dict[str, Any]:
    if not isinstance(found, dict):
        raise Problem("recon must be an object.", field="recon")
    _only(found, ("omit", "double"))
    return {name: _ids(found, name) for name in ("omit", "double")}


def _read_bank(found: Any) -> dict[str, Any]:
    if not isinstance(found, dict):
        raise Problem("bank must be an object.", field="bank")
    _only(found, ("omit", "short"))
    short = found.get("short", {})
    if not isinstance(short, dict) or not all(type(minor) is int for minor in short.values()):
        raise Problem("short must give minor units by settlement id.", field="short")
    return {"omit": _ids(found, "omit"), "short": short}


def _ids(found: dict[str, Any], name: str) -> list[str]:
    ids = found.get(name, [])
    if not isinstance(ids, list) or not all(isinstance(one, str) for one in ids):
        raise Problem(f"{name} must be a list of ids.", field=name)
    return ids


def _only(found: dict[str, Any], known: Any) -> None:
    unknown = sorted(set(found) - set(known))
    if unknown:
        raise Problem(f"Not understood: {', '.join(unknown)[:200]}. Known: {', '.join(known)}.", field=unknown[0][:100])


def _flag(found: dict[str, Any], name: str) -> bool:
    value = found.get(name, False)
    if not isinstance(value, bool):
        raise Problem(f"{name} must be true or false.", field=name)
    return value


def _seconds(found: dict[str, Any], name: str, default_s: float, most: float = DELAY_S_MAX) -> float:
    value = found.get(name, default_s)
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= most:
        raise Problem(f"{name} must be between 0 and {most:g} seconds.", field=name)
    return float(value)


def _count(found: dict[str, Any], name: str) -> int:
    value = found.get(name, 1)
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= TIMES_MAX:
        raise Problem(f"{name} must be between 1 and {TIMES_MAX}.", field=name)
    return value


def _error(description: str, code: str = "BAD_REQUEST_ERROR") -> dict[str, Any]:
    return Problem(description, code=code, reason="NA").envelope()
