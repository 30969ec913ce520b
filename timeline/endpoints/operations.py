"""What a person does with endpoints; each is an event in the endpoint's own story."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID

from timeline import locks, vault
from timeline.endpoints import guard, signing
from timeline.errors import Invalid, Missing, Refused
from timeline.log.seal import log_size
from timeline.models import Dispatch, Endpoint, Event

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from timeline.operations import Operation

ENDPOINTS_MAX = 50
KINDS_MAX = 50
SECRETS_MAX = 4
REPLAY_EVENTS_MAX = 10_000
OVERLAP = timedelta(hours=24)
KIND = re.compile(r"\*|[a-z][a-z0-9_]*(?:\.[a-z0-9_]+)*(?:\.\*)?", re.ASCII)


class NameTaken(Refused):
    """There is an endpoint of this name already."""


class TooManyEndpoints(Refused):
    """The shop has as many endpoints as it may have; remove one first."""


class KindsUnclear(Invalid):
    """Kinds are dotted words such as order.placed, or order.* for all of them, or * for everything."""


class ReplayTooLong(Invalid):
    """So many events are not sent again at once; take a shorter range."""


@dataclass(frozen=True, slots=True)
class Made:
    """A new endpoint and its secret, which is shown this once."""

    endpoint: Endpoint
    secret: str


def add(op: Operation, *, name: str, url: str, kinds: Sequence[str], payload: str = "thin", envelope: str = "standard") -> Made:
    """Send what happens from now on to this address. Raises NotAllowed, KindsUnclear, NameTaken, TooManyEndpoints."""
    guard.check_form(url)
    _require_kinds(kinds)
    op.open_stream(_STORY)
    if Endpoint.objects.filter(name=name).exists():
        raise NameTaken
    if Endpoint.objects.filter(is_active=True).count() >= ENDPOINTS_MAX:
        raise TooManyEndpoints

    secret = signing.new_secret()
    endpoint = Endpoint(
        id=op.new_id(), name=name, url=url, kinds=list(kinds), payload=payload, envelope=envelope, cursor=log_size(), created_at=op.now
    )
    endpoint.sealed = seal_secrets(endpoint, [{"secret": secret, "until": None}])
    op.record(endpoint, "endpoint.added", stream=_STORY, facts=_facts(endpoint))
    endpoint.save(force_insert=True)
    return Made(endpoint, secret)


def change(op: Operation, *, endpoint_id: UUID, **wish: Any) -> Endpoint:
    """Change url, kinds, payload, envelope or whether it is active; switched on again it goes on from now.

    Raises Missing, NotAllowed, KindsUnclear.
    """
    op.open_stream(_STORY)
    endpoint = locks.endpoint(endpoint_id)
    if "url" in wish:
        guard.check_form(wish["url"])
    if "kinds" in wish:
        _require_kinds(wish["kinds"])

    if wish.get("is_active") and not endpoint.is_active:
        wish |= {"cursor": log_size(), "failing_since": None, "failures": 0, "paused_until": None, "why_inactive": ""}
    elif wish.get("is_active") is False:
        wish["why_inactive"] = "by hand"
    for column, value in wish.items():
        setattr(endpoint, column, value)
    op.record(endpoint, "endpoint.changed", stream=_STORY, facts={**_facts(endpoint), "changed": sorted(wish)})
    endpoint.save(update_fields=list(wish))
    return endpoint


def disable(op: Operation, *, endpoint_id: UUID, reason: str) -> Endpoint:
    """Stop sending, because the receiver said so or has failed for too long."""
    op.open_stream(_STORY)
    endpoint = locks.endpoint(endpoint_id)
    if endpoint.is_active:
        op.record(endpoint, "endpoint.disabled", stream=_STORY, facts={**_facts(endpoint), "reason": reason})
        endpoint.is_active, endpoint.why_inactive = False, reason
        endpoint.save(update_fields=["is_active", "why_inactive"])
    return endpoint


def rotate(op: Operation, *, endpoint_id: UUID) -> Made:
    """A new secret; the older ones sign too for another day, so that the receiver can change over. Raises Missing."""
    op.open_stream(_STORY)
    endpoint = locks.endpoint(endpoint_id)

    secret = signing.new_secret()
    until = (op.now + OVERLAP).isoformat()
    kept = [{**entry, "until": entry["until"] or until} for entry in _entries(endpoint)]
    endpoint.sealed = seal_secrets(endpoint, [{"secret": secret, "until": None}, *kept][:SECRETS_MAX])
    op.record(endpoint, "endpoint.changed", stream=_STORY, facts={**_facts(endpoint), "changed": ["secret"]})
    endpoint.save(update_fields=["sealed"])
    return Made(endpoint, secret)


def replay(op: Operation, *, endpoint_id: UUID, first: int, last: int) -> int:
    """Send the events of these places of the log again, those of the endpoint's kinds; returns how many.

    Raises Missing, ReplayTooLong.
    """
    op.open_stream(_STORY)
    endpoint = locks.endpoint(endpoint_id)
    if not 0 <= last - first < REPLAY_EVENTS_MAX:
        raise ReplayTooLong(errors=[("#/last", f"At most {REPLAY_EVENTS_MAX} places.")])

    count = 0
    for event in Event.objects.filter(position__range=(first, last)).order_by("position").only("id", "kind"):
        if wants(endpoint, event.kind):
            owe(op.now, op.new_id(), endpoint, event.pk)
            count += 1
    op.record(endpoint, "endpoint.replayed", stream=_STORY, facts={**_facts(endpoint), "first": first, "last": last, "count": count})
    return count


def again(op: Operation, *, dispatch_id: UUID) -> Dispatch:
    """Send one message again. Raises Missing."""
    op.open_stream(_STORY)
    dispatch = Dispatch.objects.select_related("endpoint").filter(pk=dispatch_id).first()
    if dispatch is None:
        raise Missing

    owe(op.now, dispatch.pk, dispatch.endpoint, dispatch.event_id)
    op.record(dispatch.endpoint, "endpoint.replayed", stream=_STORY, facts={**_facts(dispatch.endpoint), "message": dispatch.pk, "count": 1})
    return dispatch


def owe(now: datetime, new_id: UUID, endpoint: Endpoint, event_id: int) -> None:
    """The event is owed to the endpoint, from the first try on; a repeat keeps the message's id."""
    dispatch, made = Dispatch.objects.get_or_create(endpoint=endpoint, event_id=event_id, defaults={"id": new_id, "due_at": now})
    if not made:
        Dispatch.objects.filter(pk=dispatch.pk).update(state=Dispatch.State.DUE, attempts=0, due_at=now, lease_until=None, lease_token=None)


def wants(endpoint: Endpoint, kind: str) -> bool:
    """Whether the endpoint is told events of this kind; what concerns endpoints themselves is told to nobody."""
    return not kind.startswith("endpoint.") and any(
        wanted in ("*", kind) or (wanted.endswith(".*") and kind.startswith(wanted[:-1])) for wanted in endpoint.kinds
    )


def secrets_of(endpoint: Endpoint, now: datetime) -> list[str]:
    """The secrets that sign now, the newest first."""
    return [entry["secret"] for entry in _entries(endpoint) if entry["until"] is None or entry["until"] > now.isoformat()]


def seal_secrets(endpoint: Endpoint, entries: list[dict[str, Any]]) -> bytes:
    """The secrets as ciphertext under the house's key."""
    return vault.seal(vault.house_key(), f"endpoint:{endpoint.pk}", {"secrets": entries})


_STORY = "endpoints"


def _entries(endpoint: Endpoint) -> list[dict[str, Any]]:
    found = vault.unseal(vault.house_key(), f"endpoint:{endpoint.pk}", bytes(endpoint.sealed)) or {"secrets": []}
    return list(found["secrets"])


def _require_kinds(kinds: Sequence[str]) -> None:
    if not 1 <= len(kinds) <= KINDS_MAX or any(len(kind) > 60 or not KIND.fullmatch(kind) for kind in kinds):  # noqa: PLR2004 an event's kind
        raise KindsUnclear(errors=[("#/kinds", "Dotted words, or order.*, or *.")])


def _facts(endpoint: Endpoint) -> dict[str, Any]:
    return {"endpoint": endpoint.name, "kinds": endpoint.kinds, "payload": endpoint.payload, "envelope": endpoint.envelope}
