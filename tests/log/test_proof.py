"""A proof leaves the house and is checked by a program that knows nothing of the house."""

from __future__ import annotations

import base64
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.log import makers
from timeline import verifier
from timeline.log import proof, seal
from timeline.log.checkpoint import known_keys, signer
from timeline.models import Checkpoint
from timeline.verifier import Broken, Unreadable, check

pytestmark = pytest.mark.django_db
ROOT = Path(__file__).resolve().parents[2]


def test_a_story_is_proved() -> None:
    streams = makers.sealed()
    for stream in streams:
        verdict = check(proof.bundle(stream), known_keys())
        assert [event["seq"] for event in verdict.events] == [1, 2, 3, 4, 5]
        assert verdict.pending == 0


def test_what_is_not_sealed_yet_is_said_to_be_pending() -> None:
    (stream,) = makers.sealed(["TEA"])
    makers.arrival("TEA")
    verdict = check(proof.bundle(stream), known_keys())
    assert (len(verdict.events), verdict.pending) == (5, 1)


def test_a_story_of_which_nothing_is_sealed_has_no_proof() -> None:
    (stream,) = makers.stories(["TEA"])
    with pytest.raises(proof.NotSealedYet):
        proof.bundle(stream)


def test_a_process_without_a_key_says_so(settings: Any) -> None:
    (stream,) = makers.sealed(["TEA"])
    settings.SEAL_KEYS = []
    with pytest.raises(proof.CannotSign):
        proof.bundle(stream)


def test_a_story_that_is_too_long_is_refused_and_not_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    (stream,) = makers.sealed(["TEA"])
    monkeypatch.setattr(proof, "EVENTS_MAX", 4)
    with pytest.raises(proof.TooLong):
        proof.bundle(stream)


def test_growth_since_a_kept_checkpoint_is_proved() -> None:
    (stream,) = makers.sealed(["TEA"])
    kept = Checkpoint.objects.latest("id")
    makers.sealed(["RICE", "SALT"])
    bundle = proof.bundle(stream, since=kept.size)
    check(bundle, known_keys(), older=kept.note)
    bundle["consistency"] = {}
    with pytest.raises(Broken) as broken:
        check(bundle, known_keys(), older=kept.note)
    assert broken.value.kind == "rewritten"


def test_a_checkpoint_that_never_was_is_missing() -> None:
    (stream,) = makers.sealed(["TEA"])
    with pytest.raises(proof.NotThatLarge):
        proof.bundle(stream, since=10_000)


def forged(bundle: dict[str, Any], how: str) -> dict[str, Any]:
    rows = bundle["events"]
    if how == "bytes":
        rows[1]["entry"] = rows[1]["entry"].replace('"TEA"', '"TEE"')
    elif how == "left out":
        del rows[1]
    elif how == "order":
        rows[1], rows[2] = rows[2], rows[1]
    elif how == "doubled":
        rows.append(rows[-1])
    elif how == "position":
        rows[1]["position"] += 1
    elif how == "path":
        rows[1]["path"] = rows[1]["path"][:-1]
    elif how == "story":
        bundle["stream"] = "another"
    elif how == "checkpoint":
        size = int(bundle["checkpoint"].split("\n")[1])
        bundle["checkpoint"] = bundle["checkpoint"].replace(f"\n{size}\n", f"\n{size + 1}\n")
    return bundle


@pytest.mark.parametrize(
    ("how", "kind"),
    [("bytes", "not_included"), ("left out", "left_out"), ("order", "left_out"), ("doubled", "left_out"),
     ("position", "not_included"), ("path", "not_included"), ("story", "spliced"), ("checkpoint", "signature")],
)
def test_a_forged_proof_is_refused(how: str, kind: str) -> None:
    (stream,) = makers.sealed(["TEA"])
    bundle = proof.bundle(stream)
    with pytest.raises(Broken) as broken:
        check(forged(bundle, how), known_keys())
    assert broken.value.kind == kind


def state_of(bundle: dict[str, Any]) -> verifier.Checkpoint:
    return verifier.Checkpoint.parse(verifier.open_note(bundle["checkpoint"], known_keys()))


def cut_off(bundle: dict[str, Any], how: str) -> dict[str, Any]:
    """The last event is gone, and something is said about it."""
    who = signer()
    assert who is not None
    bundle["events"].pop()
    if how == "and said so":
        bundle["story"] = bundle["story"].replace("\n5 events, ", "\n4 events, ")
    elif how == "as it was before":
        before = verifier.Checkpoint(who.key.name, 4, bytes(32))
        bundle["story"] = who.signed(verifier.story_text(before, bundle["stream"], 4, []))
    elif how == "of another story":
        bundle["story"] = who.signed(verifier.story_text(state_of(bundle), "another", 4, []))
    elif how == "as a checkpoint":
        bundle["story"] = bundle["checkpoint"]
    elif how == "by another":
        bundle["story"] = bundle["story"].replace(who.key.name, "other.example/log")
    return bundle


@pytest.mark.parametrize(
    ("how", "kind"),
    [("silently", "cut_off"), ("and said so", "signature"), ("as it was before", "cut_off"), ("of another story", "cut_off"), ("as a checkpoint", "cut_off"), ("by another", "unknown_key")],
)
def test_a_proof_that_is_cut_off_at_its_end_is_refused(how: str, kind: str) -> None:
    """Who hands a proof on cannot leave out what happened last."""
    (stream,) = makers.sealed(["TEA"])
    with pytest.raises(Broken) as broken:
        check(cut_off(proof.bundle(stream), how), known_keys())
    assert broken.value.kind == kind


def test_who_hands_a_whole_proof_on_cannot_keep_an_event_back() -> None:
    """Not by giving its hash alone and saying that it is the proof of a receipt: a refund, say, would be an internal event."""
    (stream,) = makers.sealed(["TEA"])
    bundle = proof.bundle(stream)
    row = bundle["events"][-1]
    row["leaf"] = base64.b64encode(verifier.leaf_hash(row.pop("entry").encode())).decode()
    with pytest.raises(Broken) as broken:
        check({**bundle, "format": verifier.FORMAT_WITHHELD}, known_keys())
    assert broken.value.kind == "cut_off"


def test_a_log_under_a_new_name_proves_what_was_sealed_under_the_old_one(settings: Any) -> None:
    (stream,) = makers.sealed(["TEA"])
    settings.SEAL_ORIGIN = "bahi.local/second"
    now = signer()
    assert now is not None
    assert len(check(proof.bundle(stream), [*known_keys(), now.key]).events) == 5


@pytest.mark.parametrize("what", [None, [], {}, {"format": verifier.FORMAT}, {"format": verifier.FORMAT, "stream": "x", "checkpoint": "", "events": [{}]}])
def test_what_is_no_proof_is_unreadable(what: Any) -> None:
    with pytest.raises(Unreadable):
        check(what, [])


@pytest.mark.parametrize(
    ("part", "said"),
    [("pending", 5), ("consistency", [1]), ("events", {}), ("stream", None), ("story", None), ("checkpoint", 7), ("checkpoint", "a\n\nb\n"), ("events", [None])],
)
def test_a_part_that_is_no_such_part_is_unreadable(part: str, said: Any) -> None:
    (stream,) = makers.sealed(["TEA"])
    with pytest.raises(Unreadable):
        check({**proof.bundle(stream), part: said}, known_keys())


@pytest.mark.parametrize("entry", ["[" * 100_000, "\ud800", "null", "{}", ""])
def test_bytes_that_are_no_event_are_said_to_be_none(entry: str) -> None:
    (stream,) = makers.sealed(["TEA"])
    bundle = proof.bundle(stream)
    bundle["events"][1]["entry"] = entry
    with pytest.raises(Broken) as broken:
        check(bundle, known_keys())
    assert broken.value.kind == "unreadable"


@pytest.mark.parametrize("steps", [5, [7], ["AA=="], None])
def test_growth_that_is_not_shown_is_refused(steps: Any) -> None:
    (stream,) = makers.sealed(["TEA"])
    kept = Checkpoint.objects.latest("id")
    makers.sealed(["RICE", "SALT"])
    bundle = proof.bundle(stream)
    bundle["consistency"] = {str(kept.size): steps}
    with pytest.raises((Broken, Unreadable)):
        check(bundle, known_keys(), older=kept.note)


def test_the_verifier_needs_nothing_of_ours(tmp_path: Path) -> None:
    (stream,) = makers.sealed(["TEA"])
    path = tmp_path / "proof.json"
    alone = tmp_path / "verifier.py"
    alone.write_bytes((ROOT / "timeline" / "verifier.py").read_bytes())
    path.write_text(json.dumps(proof.bundle(stream)), encoding="utf-8")
    key = str(known_keys()[0])

    def run(*more: str) -> tuple[int, str]:
        command = [sys.executable, "-I", str(alone), str(path), *more]
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
        return done.returncode, done.stdout + done.stderr

    code, said = run("--key", key)
    assert (code, said.startswith(f"HOLDS 5 events of {stream}")) == (0, True), said
    assert run()[0] == 1
    path.write_text(path.read_text(encoding="utf-8").replace("TEA", "TEE"), encoding="utf-8")
    assert run("--key", key)[0] == 1
    path.write_text("{", encoding="utf-8")
    assert run("--key", key)[0] == 2


def test_a_proof_of_one_story_costs_few_statements(django_assert_max_num_queries: Any) -> None:
    (stream,) = makers.sealed(["TEA"])
    seal.seal()
    with django_assert_max_num_queries(4):
        proof.bundle(stream)
