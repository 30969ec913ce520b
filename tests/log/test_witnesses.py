"""Checkpoints that witnesses signed (C2SP tlog-witness, tlog-cosignature): the log cannot be shown in two ways."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from tests.log import makers
from tests.log.witness import Stub, serving
from timeline import verifier
from timeline.log import proof, seal, witnesses
from timeline.log.checkpoint import known_keys
from timeline.models import Checkpoint, Cosignature, Event, WitnessState
from timeline.verifier import Broken, Witness

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def stub(settings: Any) -> Iterator[Stub]:
    makers.sealed()
    with serving(Stub(known_keys())) as found:
        settings.WITNESSES = [f"{found.key}@{found.url}"]
        yield found


def stream_of_tea() -> str:
    return str(Event.objects.filter(kind="stock.received").latest("id").stream)


def more() -> Checkpoint:
    makers.arrival("TEA")
    seal.seal()
    newest = Checkpoint.objects.order_by("-id").first()
    assert newest is not None
    return newest


def test_each_checkpoint_is_signed_and_served_with_the_line(stub: Stub, tmp_path: Any, capsys: Any) -> None:
    assert witnesses.run(timezone.now()) == 1
    assert witnesses.run(timezone.now()) == 0, "once each"
    newest = more()
    assert witnesses.run(timezone.now()) == 1
    assert stub.calls[-1] == (stub.calls[0][1], newest.size), "the second time with the proof that the log has grown"
    note = Client().get("/log/checkpoint").content.decode()
    assert verifier.witnessed(note, [stub.key]) == {stub.key.name: 1_700_000_000}

    stream = stream_of_tea()
    bundle = json.loads(json.dumps(proof.bundle(stream)))
    verdict = verifier.check(bundle, known_keys(), witnesses=[stub.key], quorum=1)
    assert verdict.witnesses == (stub.key.name,)
    file = tmp_path / "proof.json"
    file.write_text(json.dumps(bundle))
    words = [str(file), "--key", str(known_keys()[0]), "--witness", str(stub.key)]
    assert verifier.main(words) == 0
    assert f"witnessed by {stub.key.name}" in capsys.readouterr().out


def test_a_forged_or_missing_line_does_not_hold(stub: Stub) -> None:
    stream = stream_of_tea()
    bundle = proof.bundle(stream)
    with pytest.raises(Broken, match="not_witnessed"):
        verifier.check(bundle, known_keys(), witnesses=[stub.key], quorum=1)
    other = Stub([], name=stub.key.name)
    text = bundle["checkpoint"].rpartition("\n\n")[0] + "\n"
    line = other.sign(text, 1).replace(other.key.name, stub.key.name)
    forged = {**bundle, "checkpoint": f"{bundle['checkpoint']}{line}\n"}
    with pytest.raises(Broken, match="not_witnessed"):
        verifier.check(forged, known_keys(), witnesses=[stub.key], quorum=1)
    older = stub.sign(text.replace("\n", "\nx", 1), 1)
    with pytest.raises(Broken, match="cosignature"):
        verifier.check({**bundle, "checkpoint": f"{bundle['checkpoint']}{older}\n"}, known_keys(), witnesses=[stub.key])


def test_a_silent_witness_is_asked_again_after_a_growing_pause(stub: Stub) -> None:
    stub.is_down = True
    now = timezone.now()
    assert [witnesses.run(now + timedelta(seconds=s)) for s in (0, 1, 6, 7)] == [0, 0, 0, 0]
    assert stub.calls == []
    state = WitnessState.objects.get()
    assert (state.failures, state.due_at) == (2, now + timedelta(seconds=16))
    stub.is_down = False
    assert witnesses.run(now + timedelta(seconds=20)) == 1
    assert WitnessState.objects.get().failures == 0


def test_a_witness_that_knows_another_size_is_met_there(stub: Stub) -> None:
    witnesses.run(timezone.now())
    WitnessState.objects.update(size=0)
    more()
    assert witnesses.run(timezone.now()) == 1
    stub.size, stub.root = 999, b"\0" * 32
    more()
    assert witnesses.run(timezone.now()) == 0, "it signed a log that is longer than ours: that is no witness to ask"
    assert "999" in WitnessState.objects.get().error
    assert Cosignature.objects.count() == 2


def test_the_published_form_of_a_key() -> None:
    """C2SP tlog-cosignature: the id is SHA-256(name, newline, 0x04, key)."""
    key = Witness("example.com/w", bytes(range(32)))
    assert Witness.parse(str(key)) == key
    with pytest.raises(verifier.Unreadable):
        Witness.parse(str(key).replace("example", "exbmple"))
