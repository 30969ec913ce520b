"""What can be exported: rows of a kind, their columns, and how they are read in the order of the log.

The kernel knows its own events; higher apps register theirs as they start.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from timeline.exports.filters import PeriodFilters

Kind = Literal["text", "whole", "time", "flag", "json"]


@dataclass(frozen=True, slots=True)
class Column:
    """One column. A time is in UTC; `json` is an object or a list; an amount is a whole number of minor units."""

    name: str
    kind: Kind = "text"
    is_personal: bool = False


@dataclass(frozen=True, slots=True)
class Asked:
    """Which rows: what the filters say, of the events before the cut, with personal columns or without."""

    filters: dict[str, Any]
    cut: int
    cut_by: str
    is_personal: bool = False

    def window(self, first: int, size: int) -> dict[str, int]:
        """The filter for events of these places."""
        return {f"{self.cut_by}__gte": first, f"{self.cut_by}__lt": min(first + size, self.cut)}


@dataclass(frozen=True, slots=True)
class Batch:
    """Some rows, each as its columns say. `done`: so many places were looked at. `unsealed`: a person's data was opened.

    While `done` stays the same a statement may still be running, so nobody else uses the connection until it has grown.
    """

    done: int
    rows: Sequence[Sequence[Any]]
    unsealed: bool = False


@dataclass(frozen=True, slots=True)
class Source:
    """A kind of rows. `scope` is what an API key needs to read them anyway; `names_people`: its cells may, in a personal file."""

    name: str
    word: str
    scope: str
    columns: tuple[Column, ...]
    filters: type[PeriodFilters]
    read: Callable[[Asked], Generator[Batch, None, None]]
    names_people: bool = False

    def columns_for(self, *, is_personal: bool) -> tuple[Column, ...]:
        """The columns of the file."""
        return tuple(column for column in self.columns if is_personal or not column.is_personal)

    @property
    def has_personal(self) -> bool:
        """Whether it has columns that are personal, or names people in others."""
        return self.names_people or any(column.is_personal for column in self.columns)


_SOURCES: dict[str, Source] = {}


def register(source: Source) -> None:
    """Make rows exportable. Called once an app, as it starts."""
    _SOURCES[source.name] = source


def source_of(name: str) -> Source:
    """The source of this name. Raises LookupError for one that is gone."""
    return _SOURCES[name]


def sources() -> dict[str, Source]:
    """All that can be exported, by name."""
    return dict(_SOURCES)
