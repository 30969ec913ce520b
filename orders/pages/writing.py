"""What a page's form does: one operation, once, at the version that was read; and a refusal in words.

Note [A form acts once]
    Every form carries a hidden idempotency key made when it was drawn. The twin of a double click, a reload or a lost
    answer finds the receipt and is led to where the first one went.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from django.http import Http404
from django.utils import timezone
from django.utils.timesince import timesince

from timeline import idempotency
from timeline.errors import Busy, DomainError, Forbidden, Invalid, KeyReused, Missing, Refused, Replayed, Stale, TooMany
from timeline.idempotency import Key
from timeline.models import Event
from timeline.operations import operation
from timeline.retries import retried
from timeline.vocabulary import sentence

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from django import forms
    from django.http import HttpRequest

    from timeline.actors import Actor
    from timeline.operations import Operation

KEY_CHARS_MIN, KEY_CHARS_MAX = 16, 64
VERSION_DIGITS_MAX = 9
_STATUS: tuple[tuple[type[DomainError], int], ...] = (
    (TooMany, 429), (Busy, 503), (Invalid, 422), (Forbidden, 403), (Refused, 409), (Stale, 409),
)


@retried
def write(
    request: HttpRequest, name: str, story: str | Sequence[str] | None, act: Callable[[Operation], Any], *,
    actor: Actor, to: str | Callable[[Any], str], versioned: bool = True,
) -> str:
    """Act once inside the operation; gives the address to go on to, the same for every twin of this form.

    Raises what the operation raises, and Stale when somebody changed the story since the form was drawn.
    """
    try:
        with operation(name, actor=actor, stream=story, key=_key(request, actor)) as op:
            if versioned and isinstance(story, str):
                _match(request, op, story)
            done = act(op)
            place = to if isinstance(to, str) else to(done)
            op.answer(303, b"", {"Location": place})
    except Replayed as replay:
        return replay.headers.get("Location", "/")
    return place


def status_of(error: DomainError) -> int:
    """The HTTP status of a refusal. A thing that is missing is a page that is missing."""
    if isinstance(error, Missing):
        raise Http404
    return next((status for kind, status in _STATUS if isinstance(error, kind)), 400)


def words_of(error: DomainError, *, story: str | None = None, version: str = "") -> str:
    """The refusal in words; a stale form is told who changed what meanwhile."""
    if isinstance(error, KeyReused):
        return "This form was sent before with something else in it. Look at the page as it is now, then send it again."
    if isinstance(error, Stale) and story is not None and version.isdigit():
        last = Event.objects.filter(stream=story, stream_seq__gt=int(version[:VERSION_DIGITS_MAX])).order_by("-stream_seq").first()
        if last is not None:
            passed = timesince(last.recorded_at, timezone.now())
            who = last.actor_name or ("the customer" if last.actor_type in ("customer", "guest") else "the system")
            return f"Changed {passed} ago by {who}: {sentence(last.kind, last.facts)}. Nothing of yours was done yet."
    skus = error.extra.get("skus")
    if skus:
        return f"{error.detail} Not enough of: {', '.join(map(str, skus))}."
    return error.detail


def put_errors(form: forms.BaseForm, error: DomainError, names: dict[str, str], **stale: Any) -> None:
    """Put a refusal's errors beside the fields they are about; what is about none goes to the head of the form."""
    left = False
    for pointer, detail in error.errors:
        name = names.get(pointer.rpartition("/")[2], "")
        left = left or name not in form.fields
        form.add_error(name if name in form.fields else None, detail)
    if not error.errors:
        form.add_error(None, words_of(error, **stale))


def _key(request: HttpRequest, actor: Actor) -> Key | None:
    text = request.POST.get("idempotency_key", "")
    if not KEY_CHARS_MIN <= len(text) <= KEY_CHARS_MAX or not text.isalnum() or not text.isascii():
        return None
    pairs = sorted((key, value) for key, values in request.POST.lists() for value in values if key != "csrfmiddlewaretoken")
    pairs += [(name, _digest(file)) for name, file in sorted(request.FILES.items())]
    route = request.resolver_match.route if request.resolver_match is not None else request.path
    return Key(
        scope=f"page:{actor.type}:{actor.id}:{route}"[:200],
        key=text,
        fingerprint=idempotency.fingerprint("POST", request.path, urlencode(pairs).encode()),
    )


def _match(request: HttpRequest, op: Operation, story: str) -> None:
    sent = request.POST.get("version", "")
    if sent and sent != str(op.version(story)):
        raise Stale(version=op.version(story))


def _digest(file: Any) -> str:
    """Another file under the same key is another form."""
    found = hashlib.sha256()
    for chunk in file.chunks():
        found.update(chunk)
    file.seek(0)
    return found.hexdigest()
