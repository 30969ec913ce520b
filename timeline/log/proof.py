"""Proofs out of the log: of a story's events, and that the log has only grown."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any

from django.conf import settings

from timeline.errors import Missing, Refused
from timeline.log import merkle
from timeline.log.checkpoint import known_keys, signer
from timeline.log.cosigned import signed_note
from timeline.log.tiles import Tiles
from timeline.models import Checkpoint, Event
from timeline.verifier import FORMAT, FORMAT_WITHHELD, leaf_hash, story_text
from timeline.verifier import Checkpoint as State

if TYPE_CHECKING:
    from collections.abc import Sequence

EVENTS_MAX = 5000


class NoProof(Refused):
    """There is no proof of this story now."""


class NotSealedYet(NoProof):
    """None of this story's events is sealed yet; ask again in a few seconds."""


class CannotSign(NoProof):
    """This process has no key to sign with; ask where SEAL_KEYS are."""


class TooLong(NoProof):
    """The story has more events than a proof holds."""


class NotThatLarge(Missing):
    """The log has no checkpoint of this size."""


def bundle(stream: str, *, since: int | None = None, public_only: bool = False) -> dict[str, Any]:
    """The proof of a whole story, in the form `timeline/verifier.py` checks; `since` is a size somebody kept a checkpoint of.

    `public_only` is for customers: internal events are withheld, and only their hashes prove that the story has no gap.

    How many events the story has and which are withheld is signed with it, so that whoever hands it on can neither cut off
    its end nor keep back more.
    Raises `Missing` for a story without events, `NotSealedYet`, `NotThatLarge`, `CannotSign`, `TooLong`.
    """
    events = list(Event.objects.filter(stream=stream).order_by("stream_seq").values_list("position", "canonical", "public")[: EVENTS_MAX + 1])
    if not events:
        raise Missing
    if len(events) > EVENTS_MAX:
        raise TooLong(max_events=EVENTS_MAX)
    who = signer()
    if who is None:
        raise CannotSign
    newest = Checkpoint.objects.order_by("-id").first()
    sealed = [(place, bytes(entry), public) for place, entry, public in events if place is not None and newest and place < newest.size]
    if newest is None or not sealed:
        raise NotSealedYet
    note = newest.note
    if settings.WITNESSES:
        newest = _witnessed(max(place for place, *_ in sealed) + 1) or newest
        note = signed_note(newest)
    tiles = Tiles()
    return {
        "format": FORMAT_WITHHELD if public_only else FORMAT,
        "stream": stream,
        "checkpoint": note,
        "story": who.signed(story_text(_state(note), stream, len(sealed), _withheld(sealed) if public_only else [])),
        "keys": [str(key) for key in known_keys()],
        "events": [
            {"position": place, **_told(entry, public or not public_only), "path": _wire(merkle.inclusion(place, newest.size, tiles.read))}
            for place, entry, public in sealed
        ],
        "pending": [bytes(entry).decode() for _, entry, public in events[len(sealed) :] if public or not public_only],
        "consistency": {} if since is None else {str(since): consistency(since, newest.size, tiles=tiles)},
    }


def _state(note: str) -> State:
    """What a checkpoint's note says: under the origin of its time, whichever the log has now."""
    return State.parse(note[: note.index("\n\n") + 1])


def _withheld(sealed: Sequence[tuple[int, bytes, bool]]) -> list[int]:
    return [seq for seq, (_, _, public) in enumerate(sealed, start=1) if not public]


def _told(entry: bytes, is_open: bool) -> dict[str, str]:
    return {"entry": entry.decode()} if is_open else {"leaf": base64.b64encode(leaf_hash(entry)).decode()}


def consistency(old: int, new: int, *, tiles: Tiles | None = None) -> list[str]:
    """That the log of `new` events begins with the one of `old`, as base64 hashes. Raises `NotThatLarge`."""
    try:
        return _wire(merkle.consistency(old, new, (tiles or Tiles()).read))
    except LookupError as error:
        raise NotThatLarge from error


def _witnessed(size: int) -> Checkpoint | None:
    """The newest checkpoint that holds so many events and that a witness signed: better than a newer one that nobody has seen."""
    return Checkpoint.objects.filter(size__gte=size, cosignatures__isnull=False).order_by("-id").first()


def _wire(hashes: Sequence[bytes]) -> list[str]:
    return [base64.b64encode(step).decode() for step in hashes]
