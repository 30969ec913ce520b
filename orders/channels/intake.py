"""Many orders at once, as they come over the API or in a file: JSON, CSV, X12 or EDIFACT; each is taken in on its own."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from orders.channels import adapters, edi, ingest, sheets
from orders.channels.reading import Unreadable, loads
from timeline.errors import BadRequest, Malformed, Missing

if TYPE_CHECKING:
    from orders.channels.ingest import Outcome
    from orders.models import ChannelAccount
    from timeline.actors import Actor

BODIES_MAX = 100
_BRACKETS = (b"{", b"[")


@dataclass(frozen=True, slots=True)
class Intake:
    """The bodies, and for an EDI interchange how it is acknowledged."""

    channel: str
    bodies: list[Any]
    acknowledge: Callable[[Sequence[bool], datetime], str] | None = None


def read(channel: str, raw: bytes) -> Intake:
    """What the bytes hold. Raises Missing for a channel nobody reads, Malformed and BadRequest for what is no body of it."""
    if channel not in adapters.ADAPTERS:
        raise Missing
    is_json = raw.lstrip(b"\xef\xbb\xbf \r\n\t")[:1] in _BRACKETS
    try:
        if channel == "edi" and not is_json:
            found = edi.read(raw)
            return _limited(Intake(channel, list(found.bodies), found.acknowledge))
        if channel == "file" and not is_json:
            return _limited(Intake(channel, list(sheets.read(raw))))
        return _limited(Intake(channel, list(adapters.unwrap(channel, loads(raw) if raw.strip() else {}))))
    except (Unreadable, edi.NotAnInterchange, sheets.NotASheet) as error:
        raise Malformed(str(error)) from error


def take(intake: Intake, *, actor: Actor, account: ChannelAccount | None = None) -> list[Outcome]:
    """Take each body in; one that is refused stops no other."""
    return [ingest.take(channel=intake.channel, said=body, actor=actor, account=account) for body in intake.bodies]


def acknowledgement(intake: Intake, outcomes: list[Outcome], now: datetime) -> str | None:
    """The 997 or CONTRL: a message is accepted when its order was kept, also where a person must look at it."""
    if intake.acknowledge is None:
        return None
    return intake.acknowledge([one.outcome != ingest.REFUSED for one in outcomes], now)


def _limited(intake: Intake) -> Intake:
    if not 1 <= len(intake.bodies) <= BODIES_MAX:
        raise BadRequest(errors=[("#", f"One to {BODIES_MAX} orders at a time.")])
    return intake
