"""A key per person: seal, open, blind index, destroy.

Personal data is AES-256-GCM ciphertext under the person's own 256-bit key, which is wrapped by a master key of the
environment (`VAULT_KEYS`, newest first). Destroying the row's key makes every copy unreadable while all proofs hold (Z10).
Search goes through keyed hashes of normalised words (Z9).
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple
from uuid import UUID

import orjson
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.utils import timezone

from timeline.errors import Refused
from timeline.models import SubjectKey

if TYPE_CHECKING:
    from datetime import datetime

    from timeline.operations import Operation

HOUSE = UUID(int=0)
INDEX = UUID(int=1)
_NONCE_BYTES = 12
_KEY_BYTES = 32
_TOKEN_BYTES = 16
_VERSION = b"\x01"


class PersonErased(Refused):
    """This person's data were erased; nothing more is kept about them."""


def new_key(op: Operation) -> SubjectKey:
    """A fresh key for one person, stored wrapped."""
    return SubjectKey.objects.create(**fresh(op.new_id()), created_at=op.now)


def house_key() -> SubjectKey:
    """The shop's own key, for free text that belongs to no person."""
    return SubjectKey.objects.get(pk=HOUSE)


def seal(key: SubjectKey, context: str, data: dict[str, Any]) -> bytes:
    """Ciphertext of `data` under the person's key, bound to `context` (which row or event it belongs to).

    Raises PersonErased once the key is gone.
    """
    return seal_bytes(key, context, orjson.dumps(data))


def seal_bytes(key: SubjectKey, context: str, data: bytes) -> bytes:
    """The same for bytes, such as a file. Raises PersonErased."""
    if not is_alive(key):
        raise PersonErased
    nonce = secrets.token_bytes(_NONCE_BYTES)
    return _VERSION + nonce + AESGCM(_open_key(key)).encrypt(nonce, data, context.encode())


class KeyRow(NamedTuple):
    """The columns of a `SubjectKey` that open what it sealed, for who reads no models."""

    pk: UUID
    wrapped: bytes
    master_id: str
    destroyed_at: datetime | None


def unseal(key: SubjectKey | KeyRow, context: str, blob: bytes) -> dict[str, Any] | None:
    """What was sealed; None when the person's key has been destroyed.

    Raises ValueError when the ciphertext is not of this key and context.
    """
    found = unseal_bytes(key, context, blob)
    if found is None:
        return None
    data: dict[str, Any] = orjson.loads(found)
    return data


def unseal_bytes(key: SubjectKey | KeyRow, context: str, blob: bytes) -> bytes | None:
    """The same for bytes."""
    if not is_alive(key):
        return None
    return _decrypted(_open_key(key), context, blob)


def is_alive(key: SubjectKey | KeyRow) -> bool:
    """Whether the key still opens what it sealed."""
    return key.destroyed_at is None and bool(key.wrapped)


def cloak(context: str, data: bytes) -> bytes:
    """Ciphertext under a secret of the house, for what belongs to no one person: it needs no row and no statement.

    Nothing of it can be destroyed alone, so an erasure empties the column it stands in.
    """
    nonce = secrets.token_bytes(_NONCE_BYTES)
    return _VERSION + nonce + AESGCM(_cloak_secret()).encrypt(nonce, data, context.encode())


def uncloak(context: str, blob: bytes) -> bytes:
    """What was cloaked. Raises ValueError when it is not of this context."""
    return _decrypted(_cloak_secret(), context, blob)


def destroy(op: Operation, key: SubjectKey) -> None:
    """Erase the person: the key is gone for good, what it sealed is noise."""
    SubjectKey.objects.filter(pk=key.pk).update(wrapped=b"", destroyed_at=op.now)


def blind(kind: str, text: str) -> bytes:
    """A 16-byte token of a normalised word: equal words give equal tokens, and nothing else can be learnt from it."""
    return hmac.digest(_index_secret(), f"{kind}\0{text}".encode(), hashlib.sha256)[:_TOKEN_BYTES]


def rewrap(op: Operation) -> int:
    """Wrap every living key with the newest master key; returns how many were changed."""
    del op  # the capability: only an operation may write
    newest = next(iter(_masters()))
    changed = 0
    for key in SubjectKey.objects.filter(destroyed_at=None).exclude(master_id=newest).iterator(chunk_size=500):
        raw = _open_key(key)
        SubjectKey.objects.filter(pk=key.pk).update(wrapped=_wrap(key.pk, raw, newest), master_id=newest)
        changed += 1
    return changed


def after_migrate(**_: Any) -> None:
    """The house key and the index key exist from the first migration on."""
    if not settings.VAULT_KEYS:
        return
    for pk in (HOUSE, INDEX):
        SubjectKey.objects.get_or_create(pk=pk, defaults={**fresh(pk), "created_at": timezone.now()})
    _index_secret.cache_clear()


@cache
def _index_secret() -> bytes:
    return _open_key(SubjectKey.objects.get(pk=INDEX))


def _cloak_secret() -> bytes:
    return hmac.digest(_index_secret(), b"cloak", hashlib.sha256)


def _decrypted(secret: bytes, context: str, blob: bytes) -> bytes:
    nonce, text = blob[1 : 1 + _NONCE_BYTES], blob[1 + _NONCE_BYTES :]
    try:
        return AESGCM(secret).decrypt(nonce, text, context.encode())
    except InvalidTag as error:
        message = f"sealed text does not belong to {context}"
        raise ValueError(message) from error


def fresh(pk: UUID) -> dict[str, Any]:
    """The columns of a new key of this id: drawn by lot, wrapped by the newest master key."""
    newest = next(iter(_masters()))
    return {"id": pk, "wrapped": _wrap(pk, secrets.token_bytes(_KEY_BYTES), newest), "master_id": newest}


def _wrap(pk: UUID, raw: bytes, master_id: str) -> bytes:
    nonce = secrets.token_bytes(_NONCE_BYTES)
    return nonce + AESGCM(_masters()[master_id]).encrypt(nonce, raw, pk.bytes)


def _open_key(key: SubjectKey | KeyRow) -> bytes:
    return _unwrap(key.pk, bytes(key.wrapped), key.master_id)


@lru_cache(maxsize=4096)
def _unwrap(pk: UUID, wrapped: bytes, master_id: str) -> bytes:
    try:
        master = _masters()[master_id]
        return AESGCM(master).decrypt(wrapped[:_NONCE_BYTES], wrapped[_NONCE_BYTES:], pk.bytes)
    except (KeyError, InvalidTag) as error:
        message = f"master key {master_id!r} of VAULT_KEYS is missing or wrong"
        raise ImproperlyConfigured(message) from error


def _masters() -> dict[str, bytes]:
    return _parse(tuple(settings.VAULT_KEYS))


@lru_cache(maxsize=8)
def _parse(entries: tuple[str, ...]) -> dict[str, bytes]:
    masters: dict[str, bytes] = {}
    for entry in entries:
        name, _, text = entry.partition(":")
        raw = base64.b64decode(text)
        if not name or len(raw) != _KEY_BYTES:
            message = "each of VAULT_KEYS is `id:base64 of 32 bytes`"
            raise ImproperlyConfigured(message)
        masters[name] = raw
    if not masters:
        message = "VAULT_KEYS is empty"
        raise ImproperlyConfigured(message)
    return masters
