"""Moments as snapshots and rules write them: RFC 3339 in UTC, to the microsecond."""

from __future__ import annotations

from datetime import UTC, datetime


class InstantInvalid(ValueError):
    """The moment is not written so, or has no time zone."""


def instant_text(moment: datetime) -> str:
    """An aware moment as text; one moment is one text whatever zone it came in. Raises InstantInvalid."""
    if moment.tzinfo is None:
        raise InstantInvalid("A moment needs its time zone.")
    return moment.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def instant(text: str) -> datetime:
    """The moment the text names; any offset is understood, none is refused. Raises InstantInvalid."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise InstantInvalid("This is no RFC 3339 moment.") from error
    if moment.tzinfo is None:
        raise InstantInvalid("A moment needs its time zone.")
    return moment.astimezone(UTC)
