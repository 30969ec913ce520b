"""Check a proof of Bahi with nothing but this file, Python 3.11 and `cryptography`: no server, no Django, no trust.

    python verifier.py order.proof.json --key 'bahi.local/log+1f2e3d4c+AR…'

A proof says: these events, to the byte, stand at these places of a log whose state the shop signed. What is checked, in this order: the signature of the
checkpoint (C2SP signed note, Ed25519), that each event's bytes hash into the signed tree (RFC 6962 leaf hash, RFC 9162 inclusion proof), that the events
are of one story and none between them is left out, that they are as many as the shop has signed that the story has in this state of the log, so that none is
cut off at its end, that those withheld are the ones the shop withheld, and, with an older checkpoint, that the log has only grown since (RFC 9162 consistency proof).

The key must come from where you trust it, not from the proof. Exit codes: 0 it holds, 1 it does not, 2 it cannot be read.
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import json
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Self

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

if TYPE_CHECKING:
    from collections.abc import Sequence

FORMAT, FORMAT_WITHHELD = "bahi-proof/1", "bahi-proof/2"
HASH_BYTES = 32
EMPTY_ROOT = hashlib.sha256(b"").digest()
TIME_BYTES = 8
KEY_ID_BYTES = 4
SIZE_DIGITS_MAX = 19


class Broken(Exception):
    """The proof does not hold. `kind` says how, `where` names the event or the part."""

    def __init__(self, kind: str, where: str, says: str) -> None:
        super().__init__(f"{kind}: {where}: {says}")
        self.kind, self.where, self.says = kind, where, says


class Unreadable(ValueError):
    """This is no proof, no note or no key."""


# --- The tree (RFC 6962 2.1, RFC 9162 2.1.3 and 2.1.4) --------------------------------------------------------------


def leaf_hash(entry: bytes) -> bytes:
    """SHA-256(0x00 || entry)."""
    return hashlib.sha256(b"\x00" + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """SHA-256(0x01 || left || right)."""
    return hashlib.sha256(b"\x01" + left + right).digest()


def is_included(*, index: int, size: int, leaf: bytes, path: Sequence[bytes], root: bytes) -> bool:
    """Whether the leaf stands at `index` of the tree of `size` leaves with this root (RFC 9162 2.1.3.2)."""
    if not 0 <= index < size or not _hashes([leaf, root, *path]):
        return False
    number, last, found = index, size - 1, leaf
    for sibling in path:
        if last == 0:
            return False
        if number & 1 or number == last:
            found = node_hash(sibling, found)
            while not number & 1 and number:
                number, last = number >> 1, last >> 1
        else:
            found = node_hash(found, sibling)
        number, last = number >> 1, last >> 1
    return last == 0 and found == root


def is_consistent(
    *, old_size: int, old_root: bytes, new_size: int, new_root: bytes, path: Sequence[bytes]
) -> bool:
    """Whether the newer tree begins with all leaves of the older one (RFC 9162 2.1.4.2).

    The empty tree proves nothing, so an old size of zero is refused.
    """
    if not 0 < old_size <= new_size:
        return False
    if old_size == new_size:
        return not path and old_root == new_root
    if not _hashes([old_root, new_root, *path]):
        return False
    steps = list(path)
    if old_size & (old_size - 1) == 0:
        steps.insert(0, old_root)
    if not steps:
        return False
    number, last = old_size - 1, new_size - 1
    while number & 1:
        number, last = number >> 1, last >> 1
    old = new = steps[0]
    for step in steps[1:]:
        if last == 0:
            return False
        if number & 1 or number == last:
            old, new = node_hash(step, old), node_hash(step, new)
            while not number & 1 and number:
                number, last = number >> 1, last >> 1
        else:
            new = node_hash(new, step)
        number, last = number >> 1, last >> 1
    return last == 0 and old == old_root and new == new_root


def _hashes(values: Sequence[bytes]) -> bool:
    return all(len(value) == HASH_BYTES for value in values)


# --- Signed notes and checkpoints (C2SP signed-note, tlog-checkpoint) -------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Signer:
    """A name and an Ed25519 public key. `id` are the four bytes that stand before each signature, `MARK` tells kinds of keys apart."""

    MARK: ClassVar[bytes]
    name: str
    public: bytes

    @property
    def id(self) -> bytes:
        """SHA-256(name || newline || mark || public key), the first four bytes."""
        return hashlib.sha256(self.name.encode() + b"\n" + self.MARK + self.public).digest()[:KEY_ID_BYTES]

    def __str__(self) -> str:
        return f"{self.name}+{self.id.hex()}+{base64.b64encode(self.MARK + self.public).decode()}"

    @classmethod
    def parse(cls, text: str) -> Self:
        """A verifier key `name+id+base64`. Raises Unreadable."""
        name, _, rest = text.partition("+")
        short, _, body = rest.partition("+")
        raw = _b64(body, "the key")
        if not name or raw[:1] != cls.MARK or len(raw) != 1 + HASH_BYTES:
            raise Unreadable("a key is name+id+base64 of an Ed25519 public key of its kind")
        found = cls(name, raw[1:])
        if found.id.hex() != short:
            raise Unreadable("the key's id is not that of its name and bytes")
        return found


@dataclass(frozen=True, slots=True)
class Key(_Signer):
    """Who may sign a log."""

    MARK = b"\x01"

    def has_signed(self, text: str, signature: bytes) -> bool:
        """Whether this is the key's signature of the text."""
        try:
            Ed25519PublicKey.from_public_bytes(self.public).verify(signature, text.encode())
        except InvalidSignature:
            return False
        return True


@dataclass(frozen=True, slots=True)
class Witness(_Signer):
    """Somebody who signs that they have seen the log grow to a checkpoint, and when (C2SP tlog-cosignature, Ed25519)."""

    MARK = b"\x04"

    def time_of(self, text: str, line: str) -> int:
        """When the witness signed this text, in seconds since 1970, as its line says. Raises Broken, Unreadable."""
        mark, _, named = line.partition(" ")
        name, _, body = named.partition(" ")
        raw = _b64(body, "a cosignature")
        if mark != "\u2014" or name != self.name or raw[:KEY_ID_BYTES] != self.id:
            raise Unreadable("the line is not this witness's")
        stamp, signature = raw[KEY_ID_BYTES : KEY_ID_BYTES + TIME_BYTES], raw[KEY_ID_BYTES + TIME_BYTES :]
        at = int.from_bytes(stamp, "big")
        try:
            Ed25519PublicKey.from_public_bytes(self.public).verify(signature, f"cosignature/v1\ntime {at}\n{text}".encode())
        except InvalidSignature as error:
            raise Broken("cosignature", self.name, "the checkpoint is not what this witness signed") from error
        return at


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """What a log was at one moment: so many leaves with this root. `origin` names the log."""

    origin: str
    size: int
    root: bytes

    def __str__(self) -> str:
        return f"{self.origin}\n{self.size}\n{base64.b64encode(self.root).decode()}\n"

    @classmethod
    def parse(cls, text: str) -> Checkpoint:
        """The first three lines of a checkpoint's text; further lines are extensions. Raises Unreadable."""
        lines = text.split("\n")
        if len(lines) < 4 or not lines[0] or lines[-1] != "":  # noqa: PLR2004 three lines and the end
            raise Unreadable("a checkpoint has an origin, a size and a root, each on a line")
        size = lines[1]
        plain = size.isascii() and size.isdigit() and len(size) <= SIZE_DIGITS_MAX and (size == "0" or size[0] != "0")
        root = _b64(lines[2], "the root")
        if not plain or len(root) != HASH_BYTES:
            raise Unreadable("a checkpoint's size is a decimal number, its root 32 bytes of base64")
        return cls(lines[0], int(size), root)


def open_note(note: str, keys: Sequence[Key]) -> str:
    """The text of a signed note, once one of the keys has signed it. Raises Broken, Unreadable."""
    text, blank, rest = note.rpartition("\n\n")
    if not blank or not rest.endswith("\n") or any(ord(letter) < 0x20 and letter != "\n" for letter in note):  # noqa: PLR2004
        raise Unreadable("a signed note is a text, an empty line and signatures")
    text += "\n"
    trusted = {(key.name, key.id): key for key in keys}
    seen = False
    for line in rest[:-1].split("\n"):
        mark, _, named = line.partition(" ")
        name, _, body = named.partition(" ")
        raw = _b64(body, "a signature")
        if mark != "\u2014" or not name or len(raw) <= KEY_ID_BYTES:
            raise Unreadable("a signature is a dash, a name and base64")
        key = trusted.get((name, raw[:KEY_ID_BYTES]))
        if key is None:
            continue
        if not key.has_signed(text, raw[KEY_ID_BYTES:]):
            raise Broken("signature", name, "the checkpoint is not what this key signed")
        seen = True
    if not seen:
        raise Broken("unknown_key", "checkpoint", "no key you trust has signed it")
    return text


def story_text(checkpoint: Checkpoint, stream: str, count: int, withheld: Sequence[int]) -> str:
    """What the shop signs of a story in this state of the log: how many events it has, and which it withheld. No checkpoint reads like this."""
    told = f"{count} events, withheld {' '.join(map(str, withheld)) or 'none'}"
    return f"{checkpoint.origin} story\n{stream}\n{told}\n{checkpoint.size}\n{base64.b64encode(checkpoint.root).decode()}\n"


def witnessed(note: str, witnesses: Sequence[Witness]) -> dict[str, int]:
    """Which of these witnesses signed the note, and when. Raises Broken for a line of theirs that is not their signature."""
    text, _, rest = note.rpartition("\n\n")
    found = {}
    for witness in witnesses:
        for line in rest.splitlines():
            try:
                found[witness.name] = witness.time_of(f"{text}\n", line)
            except Unreadable:
                continue
    return found


def _b64(text: str, what: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (TypeError, ValueError) as error:
        raise Unreadable(f"{what} is not base64") from error


# --- Bundles ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a proof that holds has shown."""

    stream: str
    checkpoint: Checkpoint
    events: tuple[dict[str, Any], ...]
    pending: int
    witnesses: tuple[str, ...] = ()
    withheld: int = 0


def check(
    bundle: Any, keys: Sequence[Key], *, older: str | None = None, witnesses: Sequence[Witness] = (), quorum: int = 0
) -> Verdict:
    """Check a whole bundle; `older` is the text of a checkpoint kept from before, at least `quorum` of the witnesses signed it.

    Internal events may be withheld: of such there is only a hash that stands in the log at that place, between its neighbours.
    That it is an event of this story, and an internal one, is the shop's word. Raises Broken, Unreadable.
    """
    stream, checkpoint, rows = _outline(bundle, keys)
    events: list[dict[str, Any]] = []
    before = -1
    for place, row in enumerate(rows, start=1):
        where, entry = f"event {place}", row.get("entry", "").encode(errors="surrogatepass")
        leaf = _b64(row["leaf"], where) if "leaf" in row else leaf_hash(entry)
        path = [_b64(step, where) for step in row["path"]]
        if "leaf" not in row:
            event = _read_event(entry, where)
            where = f"{event['stream']} {event['seq']} {event['kind']}"
            if event["stream"] != stream:
                raise Broken("spliced", where, f"it is of another story than {stream}")
            if event["seq"] != place:
                raise Broken("left_out", where, f"event {place} of the story is not here")
            events.append(event)
        if not is_included(index=row["position"], size=checkpoint.size, leaf=leaf, path=path, root=checkpoint.root):
            raise Broken("not_included", where, f"these bytes do not stand at place {row['position']} of the signed log")
        if row["position"] <= before:
            raise Broken("out_of_order", where, f"place {row['position']} is not behind the one before it, {before}")
        before = row["position"]
    if not events:
        raise Broken("nothing_told", stream, "every event is withheld: hashes alone say nothing of a story")
    withheld = [place for place, row in enumerate(rows, start=1) if "leaf" in row]
    if open_note(bundle["story"], keys) != story_text(checkpoint, stream, len(rows), withheld):
        raise Broken("cut_off", stream, f"the shop has not signed that the story has {len(rows)} events here, and withheld {len(withheld)} of them")
    if older is not None:
        _grown(bundle, keys, older, checkpoint)
    seen = witnessed(bundle["checkpoint"], witnesses)
    if len(seen) < quorum:
        raise Broken("not_witnessed", "checkpoint", f"{len(seen)} of the witnesses you trust have signed it, {quorum} are wanted")
    return Verdict(stream, checkpoint, tuple(events), len(bundle.get("pending", ())), tuple(sorted(seen)), len(withheld))


def _outline(bundle: Any, keys: Sequence[Key]) -> tuple[str, Checkpoint, list[Any]]:
    if not isinstance(bundle, dict) or bundle.get("format") not in (FORMAT, FORMAT_WITHHELD):
        raise Unreadable(f"this is not of the format {FORMAT} or {FORMAT_WITHHELD}")
    may_withhold = bundle["format"] == FORMAT_WITHHELD
    stream, note, rows = bundle.get("stream"), bundle.get("checkpoint"), bundle.get("events")
    if not isinstance(stream, str) or not isinstance(note, str) or not isinstance(bundle.get("story"), str) or not isinstance(rows, list) or not rows:
        raise Unreadable("a proof has a stream, a checkpoint, a note of the story's length and events")
    if not isinstance(bundle.get("pending", []), list) or not isinstance(bundle.get("consistency", {}), dict):
        raise Unreadable("what is pending is a list, what shows that the log has grown a table by size")
    if not all(_is_row(row, may_withhold=may_withhold) for row in rows):
        raise Unreadable("an event of a proof has an entry, a position and a path")
    return stream, Checkpoint.parse(open_note(note, keys)), rows


def _is_row(row: Any, *, may_withhold: bool) -> bool:
    if not isinstance(row, dict) or ("leaf" in row and not may_withhold):
        return False
    path, said = row.get("path"), row.get("leaf", row.get("entry"))
    placed = type(row.get("position")) is int and isinstance(path, list) and all(isinstance(step, str) for step in path)
    return placed and isinstance(said, str)


def _read_event(entry: bytes, where: str) -> dict[str, Any]:
    try:
        event = json.loads(entry)
    except (ValueError, RecursionError) as error:
        raise Broken("unreadable", where, "its bytes are no event") from error
    if not isinstance(event, dict) or not {"stream", "seq", "kind"} <= event.keys():
        raise Broken("unreadable", where, "its bytes are no event")
    return event


def _grown(bundle: dict[str, Any], keys: Sequence[Key], older: str, now: Checkpoint) -> None:
    before = Checkpoint.parse(open_note(older, keys))
    steps = bundle.get("consistency", {}).get(str(before.size))
    path = [_b64(step, "the consistency proof") for step in (steps if isinstance(steps, list) else [])]
    same = before.origin == now.origin
    if not same or not is_consistent(
        old_size=before.size, old_root=before.root, new_size=now.size, new_root=now.root, path=path
    ):
        raise Broken("rewritten", f"checkpoint of {before.size}", "the log is not a continuation of that one")


def main(arguments: Sequence[str] | None = None) -> int:
    """The command line: 0 it holds, 1 it does not, 2 it cannot be read."""
    parser = argparse.ArgumentParser(description="Check a proof of Bahi offline.")
    parser.add_argument("bundle", help="the proof, a JSON file")
    parser.add_argument("--key", action="append", default=[], help="a key you trust: name+id+base64; may be repeated")
    parser.add_argument("--since", help="a file with a checkpoint you kept: the log must have grown from it")
    parser.add_argument("--witness", action="append", default=[], help="a witness you trust: name+id+base64; may be repeated")
    parser.add_argument("--quorum", type=int, default=None, help="so many of the witnesses must have signed; all, unless you say")
    wish = parser.parse_args(arguments)
    say = sys.stdout.write
    try:
        bundle = json.loads(Path(wish.bundle).read_text("utf-8"))
        older = Path(wish.since).read_text("utf-8") if wish.since else None
        witnesses = [Witness.parse(text) for text in wish.witness]
        quorum = len(witnesses) if wish.quorum is None else wish.quorum
        verdict = check(bundle, [Key.parse(text) for text in wish.key], older=older, witnesses=witnesses, quorum=quorum)
    except Broken as broken:
        say(f"BROKEN {broken}\n")
        return 1
    except (OSError, ValueError, RecursionError) as error:
        say(f"UNREADABLE {error}\n")
        return 2
    say(f"HOLDS {len(verdict.events)} events of {verdict.stream}, in {verdict.checkpoint.origin} at {verdict.checkpoint.size}\n")
    for event in verdict.events:
        say(f"  {event['seq']:>4}  {event['recorded']}  {event['kind']}\n")
    for name in verdict.witnesses:
        say(f"  witnessed by {name}\n")
    if verdict.withheld:
        say(f"  and {verdict.withheld} internal ones, of which there is only the hash\n")
    if verdict.pending:
        say(f"  and {verdict.pending} not sealed yet\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
