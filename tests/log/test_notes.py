"""Signed notes and checkpoints: C2SP's form, the keys one trusts, and what is refused."""

from __future__ import annotations

import base64

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from timeline.log.checkpoint import Signer
from timeline.verifier import Broken, Checkpoint, Key, Unreadable, open_note

STATE = Checkpoint("shop.example/log", 7, bytes(range(32)))


def signer(name: str = "shop.example/log", seed: int = 1) -> Signer:
    private = Ed25519PrivateKey.from_private_bytes(bytes([seed]) * 32)
    return Signer(Key(name, private.public_key().public_bytes_raw()), private)


def test_a_checkpoint_reads_as_it_was_signed() -> None:
    who = signer()
    assert Checkpoint.parse(open_note(who.note(STATE), [who.key])) == STATE


def test_a_published_note_opens() -> None:
    """The example of C2SP's signed-note page, its key beside it."""
    key = Key.parse("example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k")
    note = (
        "This is an example message.\n\n\u2014 example.com/foo Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1"
        "ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=\n"
    )
    assert open_note(note, [key]) == "This is an example message.\n"


def test_a_key_is_written_and_read_the_same() -> None:
    key = signer().key
    assert Key.parse(str(key)) == key


def test_a_second_signature_of_a_stranger_does_no_harm() -> None:
    who, other = signer(), signer("witness.example", 2)
    note = who.note(STATE) + other.note(STATE).rpartition("\n\n")[2]
    assert open_note(note, [who.key]) == str(STATE)
    assert open_note(note, [other.key]) == str(STATE)


@pytest.mark.parametrize(
    ("change", "kind"),
    [
        (lambda note: note.replace("\n7\n", "\n8\n"), "signature"),
        (lambda note: note.replace("shop.example/log\n", "shop.example/lag\n", 1), "signature"),
    ],
)
def test_f53_a_changed_checkpoint_is_broken(change: object, kind: str) -> None:
    who = signer()
    with pytest.raises(Broken) as broken:
        open_note(change(who.note(STATE)), [who.key])  # type: ignore[operator]
    assert broken.value.kind == kind


def test_f56_a_note_of_an_unknown_key_is_broken() -> None:
    with pytest.raises(Broken) as broken:
        open_note(signer(seed=2).note(STATE), [signer(seed=1).key])
    assert broken.value.kind == "unknown_key"


@pytest.mark.parametrize(
    "note",
    ["", "text\n", "text\n\nno dash\n", "text\n\n\u2014 name !!!\n", "text\n\n\u2014 name AAAA\n", "te\x00xt\n\n\u2014 name AAAAAAAA\n"],
)
def test_what_is_no_note_is_unreadable(note: str) -> None:
    with pytest.raises(Unreadable):
        open_note(note, [signer().key])


@pytest.mark.parametrize(
    "text",
    ["", "a\n1\n", "a\n01\nAA==\n", f"a\n-1\n{base64.b64encode(bytes(32)).decode()}\n", "a\n1\nAA==\n", f"\n1\n{base64.b64encode(bytes(32)).decode()}\n"],
)
def test_what_is_no_checkpoint_is_unreadable(text: str) -> None:
    with pytest.raises(Unreadable):
        Checkpoint.parse(text)


@pytest.mark.parametrize("text", ["", "name", "name+00000000+AAAA", "shop+00000000+" + base64.b64encode(b"\x01" + bytes(32)).decode()])
def test_what_is_no_key_is_unreadable(text: str) -> None:
    with pytest.raises(Unreadable):
        Key.parse(text)
