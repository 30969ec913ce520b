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
LYING, ROW, LABEL = 420, 26, 110


@dataclass(frozen=True, slots=True)
class Point:
    """One number: its label, its value, the same in words, and where it leads; `before` is what it is to be compared with."""

    label: str
    value: int
    words: str
    url: str
    before: int | None = None


@dataclass(frozen=True, slots=True)
class Bar:
    """A point as a rectangle; `before` is how high up the value of before stands."""

    point: Point
    x: float
    y: float
    width: float
    height: float
    before: float | None = None

    @property
    def end(self) -> float:
        """Where it ends on the right."""
        return self.x + self.width


@dataclass(frozen=True, slots=True)
class Chart:
    """Bars in a box of so many units; `id` names it in the page, `title` says what it shows."""

    id: str
    title: str
    bars: tuple[Bar, ...]
    width: int
    height: int
    is_lying: bool = False


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


def as_csv(chart: Chart) -> str:
    """The numbers of a chart, a row a bar: its label, its value (money in minor units), the same in words. No cell is a formula."""
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\r\n")
    writer.writerow([safe(chart.title), "value", "in words"])
    writer.writerows([safe(bar.point.label), bar.point.value, safe(bar.point.words)] for bar in chart.bars)
    return "\ufeff" + file.getvalue()
