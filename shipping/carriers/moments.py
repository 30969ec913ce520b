"""Indian carriers write local times without a zone, each in its own way. A time that cannot be read is None."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone

IST = timezone(timedelta(hours=5, minutes=30))
YEAR_MIN, YEAR_MAX = 2000, 2200


def moment(text: str, *forms: str) -> datetime | None:
    """The moment in UTC, read by the first form that fits; ISO 8601 is tried last."""
    for form in forms:
        try:
            return _whole(datetime.strptime(text.strip(), form))  # noqa: DTZ007 the zone is added below
        except ValueError:
            continue
    try:
        return _whole(datetime.fromisoformat(text.strip()))
    except ValueError:
        return None


def day(text: str, *forms: str) -> date | None:
    """The day of such a moment, as it is in India."""
    found = moment(text, *forms)
    return found.astimezone(IST).date() if found is not None else None


def _whole(found: datetime) -> datetime | None:
    if not YEAR_MIN <= found.year <= YEAR_MAX:
        return None
    return (found if found.tzinfo is not None else found.replace(tzinfo=IST)).astimezone(UTC)
