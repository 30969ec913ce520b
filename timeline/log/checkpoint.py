"""Checkpoints: what the log was at one moment, signed (C2SP signed note and tlog-checkpoint, Ed25519).

`SEAL_KEYS` names the keys, newest first, as `name:base64 of 32 bytes`. The newest signs; each key that ever signed stands
in `SealKey`, so a checkpoint of an older key can still be checked, and the size from which on a key signed is known. The
names live in the environment's list alone; in a note every key signs under the log's one origin.
"""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from timeline.models import SealKey
from timeline.verifier import Key

if TYPE_CHECKING:
    from timeline.verifier import Checkpoint

_SEED_BYTES = 32


@dataclass(frozen=True, slots=True)
class Signer:
    """A key that signs."""

    key: Key
    private: Ed25519PrivateKey

    def note(self, checkpoint: Checkpoint) -> str:
        """The signed note of a checkpoint."""
        return self.signed(str(checkpoint))

    def signed(self, text: str) -> str:
        """A text that ends in a line end, as a signed note."""
        signature = base64.b64encode(self.key.id + self.private.sign(text.encode())).decode()
        return f"{text}\n\u2014 {self.key.name} {signature}\n"


def signer() -> Signer | None:
    """The key that signs now; None where none is set, and then nothing is sealed. Raises ImproperlyConfigured."""
    return _parsed(tuple(settings.SEAL_KEYS), settings.SEAL_ORIGIN)


def known_keys() -> list[Key]:
    """Every key that ever signed here, the newest first. One statement."""
    return [Key(row.name, bytes(row.public)) for row in SealKey.objects.order_by("-id")]


@lru_cache(maxsize=8)
def _parsed(entries: tuple[str, ...], origin: str) -> Signer | None:
    signers = [_one(entry, origin) for entry in entries]
    return signers[0] if signers else None


def _one(entry: str, origin: str) -> Signer:
    name, _, text = entry.partition(":")
    try:
        seed = base64.b64decode(text, validate=True)
    except binascii.Error:
        seed = b""
    if not name or len(seed) != _SEED_BYTES:
        message = "each of SEAL_KEYS is `name:base64 of 32 bytes`"
        raise ImproperlyConfigured(message)
    private = Ed25519PrivateKey.from_private_bytes(seed)
    return Signer(Key(origin, private.public_key().public_bytes_raw()), private)
