"""The shape of a proof."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers as s

from timeline.api.query import Query
from timeline.api.wire import Choice, Output


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


class ReceiptQuery(Query):
    """In which form."""

    form = Choice(choices=["pdf", "json"], required=False, default="pdf")


class ReceiptShape(Output):
    """A receipt of an order's history. It names no person; `proofUrl` needs no credentials."""

    order_number = s.CharField()
    placed_at = s.DateTimeField()
    events = s.IntegerField()
    pending = s.IntegerField()
    log = s.CharField()
    size = s.IntegerField()
    root: Any = s.CharField()
    keys = s.ListField(child=s.CharField())
    witnesses = s.ListField(child=s.CharField())
    witnessed_by = s.ListField(child=s.CharField())
    proof_url = s.CharField()
    page_url = s.CharField()
    verifier_url = s.CharField()
    proof = ProofShape()
