"""The shape of a proof."""

from __future__ import annotations

from rest_framework import serializers as s

from timeline.api.wire import Output


class ProvedEventShape(Output):
    """One event of a proof: its place in the log, its bytes, and the way from them to the signed root (base64)."""

    position = s.IntegerField()
    entry = s.CharField()
    path = s.ListField(child=s.CharField())


class ProofShape(Output):
    """What `timeline/verifier.py` checks: a signed checkpoint and each event's inclusion proof (RFC 9162)."""

    format = s.CharField()
    stream = s.CharField()
    checkpoint = s.CharField(help_text="A C2SP signed note.")
    keys = s.ListField(child=s.CharField(), help_text="Who signs here. Take the one you trust from elsewhere.")
    events = ProvedEventShape(many=True)
    pending = s.ListField(child=s.CharField(), help_text="Events that are not sealed yet.")
    consistency = s.DictField(child=s.ListField(child=s.CharField()))
