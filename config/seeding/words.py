"""What is a copy's own: keys in both their forms, numbers, moments, ids of others. Each is made once a copy, if it is used."""

from __future__ import annotations

import re
import secrets
from datetime import UTC
from typing import TYPE_CHECKING, Any, Final

from config.seeding.rows import Own, escaped

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from config.seeding.crowd import Face

Values = list[Any]

# An id as `timeline.ids.uuid7` makes it: time, version, chance, and the two bits of its variant.
_ID_CHARS: Final = 19
_VARIANT: Final = {digit: "89ab"[int(digit, 16) // 4] for digit in "0123456789abcdef"}


class Copy:
    """One copy to be: the times of its deeds, its number, whose it is, and the ids of its events."""

    __slots__ = ("event_ids", "face", "lot", "number", "stem", "times")

    def __init__(self, times: list[datetime], number: str, face: Face) -> None:
        self.times, self.number, self.face = times, number, face
        self.stem = f"{int(times[0].timestamp() * 1000):012x}"
        self.event_ids: list[int] = []
        self.lot = ""

    def new_id(self, place: int) -> str:
        """The hex of the id at this place of the copy's own lot."""
        lot = self.lot[place * _ID_CHARS : (place + 1) * _ID_CHARS]
        return f"{self.stem}7{lot[:3]}{_VARIANT[lot[3]]}{lot[4:]}"


class Words:
    """The words of a pattern that become others in its copies."""

    def __init__(self) -> None:
        self._known: dict[str, Callable[[], Any]] = {}
        self._places: dict[str, int] = {}
        self._makers: list[Any] = []
        self._ids = 0
        self._pattern: re.Pattern[str] | None = None

    def __contains__(self, word: str) -> bool:
        return word in self._known

    def know(self, word: str, maker: Callable[[], Any]) -> None:
        """This word is another in each copy; `maker()` gives the function of `(copy, values so far)` that makes it."""
        self._known[word] = maker

    def know_id(self, key: str) -> None:
        """A key, by its hex, is a new one in each copy."""
        self.know_hex(key, self.new_id())

    def new_id(self, end: str = "") -> Callable[[], Any]:
        """What makes a new id, with this after it."""
        place = self._ids
        self._ids += 1
        return lambda: lambda copy, _: copy.new_id(place) + end

    def know_hex(self, key: str, maker: Callable[[], Any]) -> None:
        """A key in both its forms."""
        self.know(key, maker)
        self.know(dashed(key), lambda: _dashed_of(self.place(key)))

    def place(self, word: str) -> int:
        """Where the copies' values have what the word becomes."""
        if word not in self._places:
            self._places[word] = self.add(self._known[word]())
        return self._places[word]

    def add(self, maker: Any) -> int:
        """One value more that is made of each copy; returns its place."""
        self._makers.append(maker)
        return len(self._makers) - 1

    def cell(self, text: str, *, is_column: bool = True) -> Own | str:
        """The text with gaps where its words become others; as it is where there are none."""
        if self._pattern is None:
            self._pattern = re.compile("|".join(re.escape(word) for word in sorted(self._known, key=len, reverse=True)))
        holes: list[int] = []

        def hole(found: re.Match[str]) -> str:
            holes.append(self.place(found[0]))
            return "%s"

        stencil = self._pattern.sub(hole, (escaped(text) if is_column else text).replace("%", "%%"))
        return Own(stencil, tuple(holes)) if holes else text

    def values(self, copy: Copy) -> Values:
        """Everything that is the copy's own, by place."""
        copy.lot = secrets.token_hex(self._ids * _ID_CHARS // 2 + 1)
        values: Values = []
        for make in self._makers:
            values.append(make(copy, values))
        return values


def dashed(key: str) -> str:
    """The other form of a key."""
    return f"{key[:8]}-{key[8:12]}-{key[12:16]}-{key[16:20]}-{key[20:]}"


def canonical(moment: datetime) -> str:
    """A moment as events' bytes say it."""
    text = plain(moment)
    return f"{text[:10]}T{text[11:26]}Z"


def plain(moment: datetime) -> str:
    """A moment in UTC, to the microsecond."""
    return moment.astimezone(UTC).isoformat(" ", "microseconds")


def _dashed_of(place: int) -> Any:
    return lambda _, values: dashed(values[place])
