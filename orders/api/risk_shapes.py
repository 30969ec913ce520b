"""What the API says of the risk of orders."""

from __future__ import annotations

from rest_framework import serializers as s

from timeline.api.wire import Output


class RiskReasonShape(Output):
    """One rule that fired."""

    rule = s.CharField()
    points = s.IntegerField()
    reason = s.CharField()


class RiskShape(Output):
    """How likely the order is fraud, as it looked when it was placed; the score is the sum of the points, at most 100."""

    score = s.IntegerField(min_value=0, max_value=100)
    verdict = s.ChoiceField(choices=["pass", "hold"])
    reasons = RiskReasonShape(many=True)
    ruleset_version = s.IntegerField()
    assessed_at = s.DateTimeField()
