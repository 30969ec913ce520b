"""Answers of reads that are kept for a while: in Redis when there is one, else in this process (B54 to B57, B88).

Note [No stale answer]
    What is kept is found under a key made of who may see it and of the version of what it shows, and the version is read from
    the database at every request. So an answer is never invalidated and never wrong: once anything is written, nobody asks for
    the old key any more, and it dies of its age. For one order the version is that of its story; for lists it is the shop's own,
    which every operation that records anything changes in the very transaction it writes in.

What is kept is encrypted with a key of this installation, for people's data are in it: whoever reads Redis reads noise, and
once a person is erased nobody asks for what was kept of them.
"""

from __future__ import annotations

import functools
import hashlib
import logging
import secrets
import threading
import time
from collections import OrderedDict
from typing import TYPE_CHECKING, Any, Final

import orjson
import redis
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings

from timeline.generations import Generation
from timeline.operations import is_writing

if TYPE_CHECKING:
    from collections.abc import Callable

logger = logging.getLogger(__name__)

ANSWER_BYTES_MAX: Final = 512 * 1024
MEMORY_BYTES_MAX: Final = 32 * 1024 * 1024
REDIS_TIMEOUT_SECONDS: Final = 0.2
REDIS_REST_SECONDS: Final = 5.0
_NONCE_BYTES = 12


class _Memory:
    """The newest answers of this process, up to so many bytes."""

    def __init__(self) -> None:
        self.rows: OrderedDict[str, tuple[float, bytes]] = OrderedDict()
        self.size = 0
        self._turn = threading.Lock()

    def read(self, key: str) -> bytes | None:
        with self._turn:
            found = self.rows.get(key)
            if found is None or found[0] < time.monotonic():
                return None
            self.rows.move_to_end(key)
            return found[1]

    def keep(self, key: str, blob: bytes, lifetime_s: int) -> None:
        with self._turn:
            self._drop(key)
            self.rows[key] = (time.monotonic() + lifetime_s, blob)
            self.size += len(blob)
            while self.size > MEMORY_BYTES_MAX:
                self._drop(next(iter(self.rows)))

    def clear(self) -> None:
        with self._turn:
            self.rows.clear()
            self.size = 0

    def _drop(self, key: str) -> None:
        gone = self.rows.pop(key, None)
        self.size -= len(gone[1]) if gone is not None else 0


class _Rest:
    """When Redis failed, it is left alone for some seconds, so that an outage does not slow every request."""

    until: float = 0.0


_memory = _Memory()


def answer(
    kind: str, *, audience: str, version: str, about: Any, lifetime_s: int, make: Callable[[], bytes],
    may_keep: Callable[[], bool] = lambda: True,
) -> bytes:
    """What is kept of this kind for this audience, version and subject; else what `make` gives, kept for so many seconds.

    `about` is anything JSON can say: ids, parameters. Nothing is kept, nor read, inside an operation, for what it sees may never
    be committed; nor is what `may_keep` refuses once it is made. A Redis that does not answer is as good as none (Note [No stale answer]).
    """
    if not keeps():
        return make()
    words = orjson.dumps([kind, audience, version, about], default=str)
    key = hashlib.sha256(words).hexdigest()
    blob = _read(key)
    found = _opened(key, blob) if blob is not None else None
    if found is not None:
        return found
    made = make()
    if len(made) <= ANSWER_BYTES_MAX and may_keep():
        nonce = secrets.token_bytes(_NONCE_BYTES)
        _keep(key, nonce + _cipher(settings.SECRET_KEY).encrypt(nonce, made, key.encode()), lifetime_s)
    return made


def keeps() -> bool:
    """Whether answers are kept at all, here and now: where not, nobody need know of which version one is."""
    return bool(settings.KEEP_ANSWERS) and not is_writing()


def shop_version() -> str:
    """Changes with every operation that records anything, as soon as it is committed and not before. One statement."""
    marks = Generation.objects.order_by("shard").values_list("shard", "mark")
    return hashlib.sha256(repr(list(marks)).encode()).hexdigest()


def forget() -> None:
    """Drop what this process keeps, and try Redis again."""
    _memory.clear()
    _Rest.until = 0.0


def _read(key: str) -> bytes | None:
    if not settings.REDIS_URL:
        return _memory.read(key)
    found: bytes | None = _asked(lambda client: client.get(f"bahi:kept:{key}"))
    return found


def _keep(key: str, blob: bytes, lifetime_s: int) -> None:
    if settings.REDIS_URL:
        _asked(lambda client: client.set(f"bahi:kept:{key}", blob, ex=lifetime_s))
    else:
        _memory.keep(key, blob, lifetime_s)


def _asked(ask: Callable[[Any], Any]) -> Any:
    """What Redis says; None while it does not answer."""
    if time.monotonic() < _Rest.until:
        return None
    try:
        return ask(_client(settings.REDIS_URL))
    except redis.RedisError as error:
        _Rest.until = time.monotonic() + REDIS_REST_SECONDS
        logger.warning("answers_kept_without_redis", extra={"error": type(error).__name__})
        return None


def _opened(key: str, blob: bytes) -> bytes | None:
    try:
        return _cipher(settings.SECRET_KEY).decrypt(blob[:_NONCE_BYTES], blob[_NONCE_BYTES:], key.encode())
    except (InvalidTag, ValueError):  # not ours, or cut short
        return None


@functools.lru_cache(maxsize=4)
def _cipher(secret: str) -> AESGCM:
    return AESGCM(hashlib.sha256(b"answers kept\0" + secret.encode()).digest())


@functools.lru_cache(maxsize=4)
def _client(url: str) -> Any:
    return redis.Redis.from_url(url, socket_timeout=REDIS_TIMEOUT_SECONDS, socket_connect_timeout=REDIS_TIMEOUT_SECONDS)
