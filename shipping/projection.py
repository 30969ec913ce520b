"""From all that was ever seen of a parcel to where it is: pure, and blind to the order in which sightings came.

The rule, as a person reads it:

1. A delivery that is believed ends the journey, whatever else was seen; the first one is its time (audits come days later).
2. Else a parcel that was seen coming back is coming back; hubs that scan it on the way do not turn it round.
3. Else the latest sighting says where it is; of several at one moment, the one further on. It is "shipped" only as long as nothing
   but the collection was seen.
4. What gives a parcel up (lost), what says it is back with us, and a delivery nobody confirmed, moves nothing: it is flagged, and
   a person decides. So is a code nobody knows, and what contradicts the end of the journey.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from shipping import sightings as words

UNKNOWN_CODE = "unknown_code"
DELIVERED_UNCONFIRMED = "delivered_unconfirmed"
SAYS_LOST, SAYS_DAMAGED, SAYS_BACK, SAYS_CALLED_OFF = "says_lost", "says_damaged", "says_back", "says_called_off"
CONTRADICTED = "contradicted"
FLAGS = {
    UNKNOWN_CODE: "A scan with a code nobody has mapped",
    DELIVERED_UNCONFIRMED: "The carrier says delivered; nobody has confirmed it",
    SAYS_LOST: "The carrier says it is lost",
    SAYS_DAMAGED: "The carrier says it is damaged",
    SAYS_BACK: "The carrier says it gave it back to us",
    SAYS_CALLED_OFF: "The carrier says it will not carry it",
    CONTRADICTED: "Seen elsewhere after the end of its journey",
}
CANCEL_REFUSED, RETURN_REFUSED = "cancel_refused", "return_refused"
# What is flagged by what we did ourselves: it stays until a person has looked, whatever is seen.
OUR_FLAGS = {
    CANCEL_REFUSED: "The carrier did not cancel it",
    RETURN_REFUSED: "The carrier did not take it back",
}

_RANK = {words.PICKED_UP: 1, words.IN_TRANSIT: 2, words.OUT_FOR_DELIVERY: 3, words.ATTEMPTED: 4}
_STATE = {words.OUT_FOR_DELIVERY: "out_for_delivery", words.ATTEMPTED: "attempted"}
_ENDED = frozenset({"delivered", "lost", "returned", "cancelled"})
_CATCH_UP = {"booked": ("label", "dispatch"), "labelled": ("dispatch",)}
_VERB = {
    "in_transit": "move", "out_for_delivery": "go_out", "attempted": "attempt", "returning": "bring_back", "delivered": "deliver",
}
_SAYS = {words.LOST: SAYS_LOST, words.DAMAGED: SAYS_DAMAGED, words.BACK: SAYS_BACK, words.CALLED_OFF: SAYS_CALLED_OFF}
_AFTER_THE_END = frozenset({words.OUT_FOR_DELIVERY, words.ATTEMPTED, words.RETURNING, words.BACK, words.LOST})


@dataclass(frozen=True, slots=True)
class Seen:
    """A sighting as it is kept: `is_confirmed` when the carrier was asked, or a person said it."""

    meaning: str
    code: str
    at: datetime
    is_confirmed: bool
    reason: str = ""
    is_answered: bool = False


@dataclass(frozen=True, slots=True)
class Projection:
    """Where the parcel is. `state` is empty while no carrier has it; times are None until they happened."""

    state: str = ""
    left_at: datetime | None = None
    delivered_at: datetime | None = None
    seen_at: datetime | None = None
    moved_at: datetime | None = None
    newest_code: str = ""
    attempts: int = 0
    attempt_reason: str = ""
    flags: tuple[str, ...] = ()


def project(seen: Iterable[Seen]) -> Projection:
    """The parcel's state from the set of its sightings; any order and any repetition give the same."""
    every = sorted(set(seen), key=_order)
    if not every:
        return Projection()
    held = [one for one in every if one.meaning in words.HELD and _is_believed(one)]
    delivered = [one for one in held if one.meaning == words.DELIVERED]
    attempts = sorted({one.at: one for one in every if one.meaning == words.ATTEMPTED}.values(), key=_order)
    last = held[-1] if held else every[-1]
    return Projection(
        state=_state(held, delivered),
        left_at=held[0].at if held else None,
        delivered_at=delivered[0].at if delivered else None,
        seen_at=every[-1].at,
        moved_at=last.at,
        newest_code=last.code,
        attempts=len(attempts),
        attempt_reason=attempts[-1].reason if attempts else "",
        flags=_flags(every, delivered),
    )


def route(status: str, state: str) -> tuple[str, ...]:
    """The verbs of the machine from where it is to where the sightings say, by steps that are allowed; none when it may stay.

    A carrier who has the parcel proves that it left, so a hand-over nobody noted is caught up with. What a person ended stays so.
    """
    if not state or status in _ENDED:
        return ()
    verbs = _CATCH_UP.get(status, ())
    if state == "shipped":
        return verbs
    if status == "returning" and state != "delivered":
        return verbs
    return verbs if status == state else (*verbs, _VERB[state])


def _state(held: list[Seen], delivered: list[Seen]) -> str:
    if delivered:
        return "delivered"
    if any(one.meaning in (words.RETURNING, words.BACK) for one in held):
        return "returning"
    if all(one.meaning == words.PICKED_UP for one in held):
        return "shipped" if held else ""
    return _STATE.get(held[-1].meaning, "in_transit")


def _flags(every: list[Seen], delivered: list[Seen]) -> tuple[str, ...]:
    open_ = [one for one in every if not one.is_answered]
    found = {_SAYS[one.meaning] for one in open_ if one.meaning in _SAYS}
    if any(one.meaning == words.UNKNOWN for one in open_):
        found.add(UNKNOWN_CODE)
    if not delivered and any(one.meaning == words.DELIVERED for one in open_):
        found.add(DELIVERED_UNCONFIRMED)
    if delivered:
        found -= {SAYS_LOST, SAYS_BACK, SAYS_CALLED_OFF}
        if any(one.meaning in _AFTER_THE_END and one.at > delivered[0].at for one in open_):
            found.add(CONTRADICTED)
    return tuple(sorted(found))


def _is_believed(one: Seen) -> bool:
    return one.meaning != words.DELIVERED or one.is_confirmed


def _order(one: Seen) -> tuple[datetime, int, str, str, str, bool, bool]:
    return (one.at, _RANK.get(one.meaning, 0), one.meaning, one.code, one.reason, one.is_confirmed, one.is_answered)
