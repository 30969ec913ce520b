"""What a person does with endpoints; each is an event in the endpoint's own story."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.conf import settings

from timeline import locks, vault
from timeline.endpoints import guard, signing, tracking
from timeline.errors import Invalid, Missing, Refused
from timeline.log.seal import log_size
from timeline.models import Dispatch, Endpoint, Event

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from django.db.models import QuerySet

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


class Stopped(Refused):
    """This endpoint is switched off; switch it on first."""


class NotGivenUp(Refused):
    """This message is still being tried, or somebody decided it already."""


class KindsUnclear(Invalid):
    """Kinds are dotted words such as order.placed, or order.* for all of them, or * for everything."""


class RangeBackwards(Invalid):
    """A range ends before it begins."""


class ReplayTooLong(Invalid):
    """So many events are not sent again at once; take a shorter range."""


@dataclass(frozen=True, slots=True)
class Made:
    """A new endpoint and its secret, which is shown this once."""

    endpoint: Endpoint
    secret: str


def add(
    op: Operation, *, name: str, url: str, kinds: Sequence[str], payload: str = "thin", envelope: str = "standard",
    is_personal: bool = False,
) -> Made:
    """Send what happens from now on to this address. Raises NotAllowed, KindsUnclear, NameTaken, TooManyEndpoints."""
    guard.check_form(url)
    require_kinds(kinds)
    op.open_stream(_STORY)
    if webhooks().filter(name=name).exists():
        raise NameTaken
    if webhooks().filter(is_active=True).count() >= ENDPOINTS_MAX:
        raise TooManyEndpoints

    secret = signing.new_secret()
    endpoint = Endpoint(
        id=op.new_id(), name=name, url=url, kinds=list(kinds), payload=payload, envelope=envelope,
        is_personal=is_personal, cursor=log_size(), created_at=op.now,
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
        require_kinds(wish["kinds"])

    wish |= switched(endpoint, wish)
    for column, value in wish.items():
        setattr(endpoint, column, value)
    op.record(endpoint, "endpoint.changed", stream=_STORY, facts={**_facts(endpoint), "changed": sorted(wish)})
    endpoint.save(update_fields=list(wish))
    return endpoint


def switched(endpoint: Endpoint, wish: Mapping[str, Any]) -> dict[str, Any]:
    """What switching on or off changes besides: on again it goes on from now, with a clean record."""
    if wish.get("is_active") and not endpoint.is_active:
        return {"cursor": log_size(), "failing_since": None, "failures": 0, "paused_until": None, "why_inactive": ""}
    return {"why_inactive": "by hand"} if wish.get("is_active") is False else {}


def remove(op: Operation, *, endpoint_id: UUID) -> Endpoint:
    """Take an endpoint away; what it was sent stays in the log of tries. Raises Missing."""
    op.open_stream(_STORY)
    return take_away(op, endpoint=locks.endpoint(endpoint_id))


def take_away(op: Operation, *, endpoint: Endpoint) -> Endpoint:
    """Nothing is sent there any more, not even what was owed; its name is free again."""
    op.record(endpoint, "endpoint.removed", stream=_STORY, facts={"endpoint": endpoint.name})
    endpoint.is_active, endpoint.why_inactive, endpoint.removed_at = False, "removed", op.now
    endpoint.save(update_fields=["is_active", "why_inactive", "removed_at"])
    waiting = Dispatch.objects.filter(endpoint=endpoint, state__in=[Dispatch.State.DUE, Dispatch.State.FAILED])
    waiting.update(state=Dispatch.State.DROPPED, done_at=op.now, lease_until=None, lease_token=None)
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
    kept = [{**entry, "until": entry["until"] or until} for entry in entries_of(endpoint)]
    endpoint.sealed = seal_secrets(endpoint, [{"secret": secret, "until": None}, *kept][:SECRETS_MAX], credentials_of(endpoint))
    op.record(endpoint, "endpoint.changed", stream=_STORY, facts={**_facts(endpoint), "changed": ["secret"]})
    endpoint.save(update_fields=["sealed"])
    return Made(endpoint, secret)


def replay(op: Operation, *, endpoint_id: UUID, first: int, last: int) -> int:
    """Send the events of these places of the log again, those of the endpoint's kinds; returns how many.

    Raises Missing, RangeBackwards, ReplayTooLong.
    """
    op.open_stream(_STORY)
    endpoint = locks.endpoint(endpoint_id)
    if last < first:
        raise RangeBackwards(errors=[("#/last", "This is before first.")])
    if last - first >= REPLAY_EVENTS_MAX:
        raise ReplayTooLong(errors=[("#/last", f"At most {REPLAY_EVENTS_MAX} places.")])

    count = 0
    found = Event.objects.filter(position__range=(first, last)).order_by("position").only(*tracking.COLUMNS)
    for event in tracking.wanted_of(endpoint, list(found)):
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


def test(op: Operation, *, endpoint_id: UUID) -> Dispatch:
    """Send a message of the kind `endpoint.tested` there at once, whatever else it is told. Raises Missing, Stopped."""
    op.open_stream(_STORY)
    endpoint = locks.endpoint(endpoint_id)
    if not endpoint.is_active:
        raise Stopped

    event = op.record(endpoint, "endpoint.tested", stream=_STORY, facts={"endpoint": endpoint.name})
    owe(op.now, op.new_id(), endpoint, event.pk)
    return Dispatch.objects.get(endpoint=endpoint, event=event)


def drop(op: Operation, *, dispatch_id: UUID, reason: str = "") -> Dispatch:
    """A person's word: this message is not sent any more. Raises Missing, NotGivenUp."""
    op.open_stream(_STORY)
    dispatch = Dispatch.objects.select_related("endpoint").filter(pk=dispatch_id).first()
    if dispatch is None:
        raise Missing

    if not Dispatch.objects.filter(pk=dispatch_id, state=Dispatch.State.FAILED).update(state=Dispatch.State.DROPPED, done_at=op.now):
        raise NotGivenUp
    op.record(
        dispatch.endpoint, "endpoint.dropped", stream=_STORY, facts={"endpoint": dispatch.endpoint.name, "message": dispatch.pk},
        private={"reason": reason} if reason else None,
    )
    return dispatch


def alive() -> QuerySet[Endpoint]:
    """Endpoints and configurations that were not taken away."""
    return Endpoint.objects.filter(removed_at=None)


def webhooks() -> QuerySet[Endpoint]:
    """The endpoints there are, without tracking's configurations."""
    return alive().filter(is_tracking=False)


def url_of(endpoint: Endpoint) -> str:
    """Where it is sent; a first-party target without an address of its own goes where the shop's settings say."""
    return endpoint.url or settings.TRACKING_URLS.get(endpoint.way, "")


def secrets_of(endpoint: Endpoint, now: datetime) -> list[str]:
    """The secrets that sign now, the newest first."""
    return [entry["secret"] for entry in entries_of(endpoint) if entry["until"] is None or entry["until"] > now.isoformat()]


def entries_of(endpoint: Endpoint) -> list[dict[str, Any]]:
    """The signing secrets and until when each holds, the newest first."""
    return list(_opened(endpoint)["secrets"])


def credentials_of(endpoint: Endpoint) -> dict[str, str]:
    """What the target asks of us, in the clear: for sending alone."""
    return dict(_opened(endpoint).get("credentials") or {})


def seal_secrets(endpoint: Endpoint, entries: list[dict[str, Any]], credentials: Mapping[str, str] | None = None) -> bytes:
    """The secrets and credentials as ciphertext under the house's key."""
    return vault.seal(vault.house_key(), f"endpoint:{endpoint.pk}", {"secrets": entries, "credentials": dict(credentials or {})})


STORY = _STORY = "endpoints"


def _opened(endpoint: Endpoint) -> dict[str, Any]:
    return vault.unseal(vault.house_key(), f"endpoint:{endpoint.pk}", bytes(endpoint.sealed)) or {"secrets": []}


def require_kinds(kinds: Sequence[str]) -> None:
    """Raise KindsUnclear unless all are dotted words, words with a star, or the star."""
    if not 1 <= len(kinds) <= KINDS_MAX or any(len(kind) > 60 or not KIND.fullmatch(kind) for kind in kinds):  # noqa: PLR2004 an event's kind
        raise KindsUnclear(errors=[("#/kinds", "Dotted words, or order.*, or *.")])


def _facts(endpoint: Endpoint) -> dict[str, Any]:
    return {"endpoint": endpoint.name, "kinds": endpoint.kinds, "payload": endpoint.payload, "envelope": endpoint.envelope}
