"""Headers of writes: `Idempotency-Key`, and `If-Match` with the version the caller has read."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from timeline import idempotency
from timeline.errors import BadRequest, KeyRequired, Stale
from timeline.idempotency import Key
from timeline.models import Receipt

if TYPE_CHECKING:
    from rest_framework.request import Request

    from timeline.actors import Actor
    from timeline.operations import Operation

KEY_CHARS_MIN, KEY_CHARS_MAX = 8, 255
IF_MATCH_CHARS_MAX = 400
_KEY = re.compile(r"[\x21\x23-\x5b\x5d-\x7e]+")
_TAG = re.compile(r'(?:W/)?"([^"]*)"|([0-9]+)')


def key_of(request: Request, actor: Actor, *, required: bool = False, digest: str = "") -> Key | None:
    """The request's idempotency key, kept apart by caller and route; None when none was sent.

    `digest` stands for a body that was copied aside and not kept in memory.

    Raises KeyRequired (428), BadRequest for one that is not 8 to 255 visible ASCII characters, quoted or bare.
    """
    text = key_text(request)
    if text is None:
        if required:
            raise KeyRequired
        return None
    plain: Any = request._request
    route = plain.resolver_match.route if plain.resolver_match is not None else plain.path
    return Key(
        scope=f"{actor.type}:{actor.id}:{request.method}:{route}"[:200],
        key=text,
        fingerprint=idempotency.fingerprint(str(request.method), plain.get_full_path(), digest.encode() or plain.body),
    )


def key_text(request: Request) -> str | None:
    """The request's idempotency key without its quotes; None when none was sent. Raises BadRequest for one that is none."""
    text = request.headers.get("Idempotency-Key")
    if text is None:
        return None
    text = text.strip()
    if len(text) > 1 and text[0] == text[-1] == '"':
        text = text[1:-1]
    if not KEY_CHARS_MIN <= len(text) <= KEY_CHARS_MAX or not _KEY.fullmatch(text):
        raise BadRequest(
            "The Idempotency-Key is 8 to 255 visible ASCII characters.", errors=[("Idempotency-Key", "Not acceptable.")]
        )
    return text


def refuse_known(key: Key | None) -> None:
    """Look whether the answer exists before anything is spent on the request. Raises Replayed, KeyReused, AnswerErased.

    `operation(key=…)` decides; this only saves what is done before it opens, such as taking a number.
    """
    stored = None if key is None else Receipt.objects.filter(scope=key.scope, key=key.key).first()
    if key is not None and stored is not None and stored.status is not None:
        idempotency.replay(stored, key)


def match(request: Request, op: Operation, stream: str) -> None:
    """Honour `If-Match`: called first in the operation. Raises Stale (412) when the story has gone on since."""
    text = request.headers.get("If-Match")
    if text is None or text.strip() == "*":
        return
    if len(text) > IF_MATCH_CHARS_MAX:
        raise BadRequest("If-Match is too long.", errors=[("If-Match", "Not acceptable.")])
    named = {quoted or bare for quoted, bare in _TAG.findall(text)}
    if not named:
        raise BadRequest("If-Match holds the ETag that was read.", errors=[("If-Match", "Not acceptable.")])
    if str(op.version(stream)) not in named:
        raise Stale(version=op.version(stream))
