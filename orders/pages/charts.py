"""Charts as geometry: bars that are links, drawn as SVG by the template, with the same numbers in a table and a file beside."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from typing import TYPE_CHECKING

from timeline.exports.cells import safe

if TYPE_CHECKING:
    from collections.abc import Sequence

WIDTH, HEIGHT, GAP = 720, 120, 2
LYING, ROW, LABEL, LABEL_OF_RANGE = 420, 26, 110, 145
# How far beyond its limit a range is drawn, in limits: what lasted longer still ends at the edge, and its words say how long.
BEYOND_LEAST, BEYOND_MOST = 1.25, 3.0
RANGE_LEAST = 5.0


@dataclass(frozen=True, slots=True)
class Point:
    """One number: its label, its value, the same in words, and where it leads.

    `before` is what it is to be compared with. Of a range `value` is the upper end, `low` the lower, `limit` what it should not exceed.
    """

    label: str
    value: int
    words: str
    url: str
    before: int | None = None
    low: int = 0
    limit: int = 0


@dataclass(frozen=True, slots=True)
class Bar:
    """A point as a rectangle; `before` is how high up the value of before stands, `limit` how far right the limit."""

    point: Point
    x: float
    y: float
    width: float
    height: float
    before: float | None = None
    limit: float | None = None

    @property
    def end(self) -> float:
        """Where it ends on the right."""
        return self.x + self.width

    @property
    def foot(self) -> float:
        """Where it ends at the bottom."""
        return self.y + self.height


@dataclass(frozen=True, slots=True)
class Chart:
    """Bars in a box of so many units; `id` names it in the page, `title` says what it shows."""

    id: str
    title: str
    bars: tuple[Bar, ...]
    width: int
    height: int
    is_lying: bool = False
    is_range: bool = False

    @property
    def track(self) -> tuple[int, int]:
        """Where the ground of a range begins, and how long it is."""
        return LABEL_OF_RANGE, self.width - LABEL_OF_RANGE


def columns(name: str, title: str, points: Sequence[Point]) -> Chart:
    """Standing bars, one a point, in order of time."""
    most = max((max(point.value, point.before or 0) for point in points), default=0) or 1
    step = WIDTH / max(1, len(points))
    bars = []
    for place, point in enumerate(points):
        height = round(point.value * HEIGHT / most, 1)
        shown = max(height, 1.0)
        before = None if point.before is None else round(HEIGHT - point.before * HEIGHT / most, 1)
        bars.append(Bar(point, round(place * step, 1), round(HEIGHT - shown, 1), round(max(1.0, step - GAP), 1), shown, before))
    return Chart(name, title, tuple(bars), WIDTH, HEIGHT)


def rows(name: str, title: str, points: Sequence[Point]) -> Chart:
    """Lying bars, one a point, with their labels before them."""
    most = max((point.value for point in points), default=0) or 1
    room = LYING - LABEL
    bars = tuple(
        Bar(point, LABEL, place * ROW + 3.0, max(1.0, round(max(0, point.value) * room / most, 1)), ROW - 6.0)
        for place, point in enumerate(points)
    )
    return Chart(name, title, bars, LYING, max(ROW, ROW * len(points)), is_lying=True)


def ranges(name: str, title: str, points: Sequence[Point]) -> Chart:
    """Lying bars from `low` to `value`, each measured by its own limit, so that all limits stand in one line. A value of 0 is no bar."""
    most = min(BEYOND_MOST, max((point.value / point.limit for point in points), default=0.0))
    room = (LYING - LABEL_OF_RANGE) / max(BEYOND_LEAST, most)

    def place(value: int, limit: int) -> float:
        return min(LYING, LABEL_OF_RANGE + round(value * room / limit, 1))

    bars = []
    for row, point in enumerate(points):
        start = min(place(point.low, point.limit), LYING - RANGE_LEAST)
        width = max(RANGE_LEAST, round(place(point.value, point.limit) - start, 1)) if point.value else 0.0
        bars.append(Bar(point, start, row * ROW + 3.0, width, ROW - 6.0, limit=place(point.limit, point.limit)))
    return Chart(name, title, tuple(bars), LYING, max(ROW, ROW * len(points)), is_lying=True, is_range=True)


def as_csv(chart: Chart) -> str:
    """The numbers of a chart, a row a bar: its label, its value (money in minor units), the same in words, and of a range its lower end and limit.

    No cell is a formula.
    """
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\r\n")
    writer.writerow([safe(chart.title), "value", "in words", *(["low", "limit"] if chart.is_range else [])])
    for point in (bar.point for bar in chart.bars):
        more = [point.low, point.limit] if chart.is_range else []
        writer.writerow([safe(point.label), point.value, safe(point.words), *more])
    return "\ufeff" + file.getvalue()
