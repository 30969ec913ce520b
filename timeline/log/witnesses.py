"""Have the log witnessed: each checkpoint goes to every configured witness, who signs only a log that has grown (C2SP tlog-witness).

Note [Why witnesses]
    The shop could show one log to one customer and another to another, each well signed. A witness remembers the last size
    and root it signed and asks for the proof that the new one continues it. A checkpoint with a witness's line is therefore
    one that everybody who trusts the witness has been shown.

`WITNESSES` names them as `key@address`: the witness's own verifier key (`name+id+base64`) and the prefix of its API. A witness that does
not answer is asked again with a growing pause; nothing waits for it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

import requests
import structlog
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.utils import timezone

from timeline import network
from timeline.log.proof import consistency
from timeline.models import Checkpoint, Cosignature, WitnessState
from timeline.verifier import Broken, Unreadable, Witness

if TYPE_CHECKING:
    from datetime import datetime

FIRST_PAUSE_S, PAUSE_S_MAX = 5, 3600
TRIES_AT_ONCE = 2
CONFLICT = 409
log = structlog.get_logger("bahi.witnesses")


@dataclass(frozen=True, slots=True)
class Configured:
    """One witness: whose line is believed, and where it is asked."""

    key: Witness
    url: str


class NotSigned(Exception):
    """The witness did not sign; the message says why."""


class Behind(Exception):
    """The witness has signed another size than we thought."""

    def __init__(self, size: int) -> None:
        super().__init__(f"the witness is at {size}")
        self.size = size


def configured() -> list[Configured]:
    """The witnesses of the settings. Raises ImproperlyConfigured."""
    found = []
    for entry in settings.WITNESSES:
        key, _, url = entry.partition("@")
        try:
            found.append(Configured(Witness.parse(key), url.rstrip("/")))
        except Unreadable as error:
            message = f"each of WITNESSES is `name+id+base64@https://…`: {error}"
            raise ImproperlyConfigured(message) from error
        if not url.startswith(("https://", "http://")):
            message = "each of WITNESSES ends in `@https://…`"
            raise ImproperlyConfigured(message)
    return found


def run(now: datetime) -> int:
    """Ask each witness that is due about the newest checkpoint; returns how many signed."""
    newest = Checkpoint.objects.order_by("-id").first()
    signed = 0
    if newest is None or not newest.size:
        return 0
    for one in configured():
        state, _ = WitnessState.objects.get_or_create(witness=one.key.name)
        if (state.due_at is not None and state.due_at > now) or newest.cosignatures.filter(witness=one.key.name).exists():
            continue
        signed += _ask(one, state, newest, now)
    return signed


def _ask(one: Configured, state: WitnessState, newest: Checkpoint, now: datetime) -> int:
    try:
        line = _signed(one, state, newest)
    except (NotSigned, Behind, requests.RequestException) as error:
        pause = min(FIRST_PAUSE_S * 2**state.failures, PAUSE_S_MAX)
        WitnessState.objects.filter(pk=state.pk).update(
            failures=min(state.failures + 1, 20), due_at=now + timedelta(seconds=pause), error=f"{type(error).__name__}: {error}"[:200],
            size=state.size,
        )
        log.warning("witness.silent", witness=one.key.name, error=str(error), failures=state.failures + 1)
        return 0
    Cosignature.objects.get_or_create(
        checkpoint=newest, witness=one.key.name, defaults={"line": line, "at": timezone.now()}
    )
    WitnessState.objects.filter(pk=state.pk).update(size=newest.size, due_at=None, failures=0, error="")
    return 1


def _signed(one: Configured, state: WitnessState, newest: Checkpoint) -> str:
    """The witness's line, checked; where it knows another size than we thought, asked once more from there."""
    for _ in range(TRIES_AT_ONCE):
        try:
            return _post(one, state.size, newest)
        except Behind as behind:
            if behind.size > newest.size or behind.size == state.size:
                raise NotSigned(f"it has signed {behind.size} of a log of {newest.size}") from behind
            state.size = behind.size
    raise NotSigned("it names another size each time")


def _post(one: Configured, old: int, newest: Checkpoint) -> str:
    proof = consistency(old, newest.size) if 0 < old < newest.size else []
    body = "".join([f"old {old}\n", *(f"{step}\n" for step in proof), "\n", newest.note])
    session = network.session_factory()
    answer = session.post(f"{one.url}/add-checkpoint", data=body.encode(), headers={"Content-Type": "text/plain; charset=utf-8"})
    if answer.status_code == CONFLICT:
        text = answer.text.strip()
        if text.isascii() and text.isdigit():
            raise Behind(int(text))
    if answer.status_code != requests.codes.ok:
        raise NotSigned(f"HTTP {answer.status_code}")
    note_text = newest.note.rpartition("\n\n")[0] + "\n"
    for line in answer.text.splitlines():
        try:
            one.key.time_of(note_text, line)
        except (Broken, Unreadable):
            continue
        return f"{line}\n"
    raise NotSigned("no line of its answer is its own signature")
