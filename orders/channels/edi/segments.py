"""Interchanges taken apart into segments of elements of components. Pure.

X12 (ASC X12.5): the header ISA has 106 characters of fixed width and names its own separators. EDIFACT (ISO 9735): `UNA`
names them, else they are the usual ones; a release character takes the next one as it is.
"""

from __future__ import annotations

from dataclasses import dataclass

ISA_CHARS = 106
SEGMENTS_MAX = 20_000
UNA_DEFAULT = ":+.? '"
ISA_ELEMENTS = 16
UNB_ELEMENTS = 5
UNA_CHARS = 9
_BREAKS = {"\r", "\n"}
UNA_DIFFERENT = 4  # component, element, release and segment


class NotAnInterchange(ValueError):
    """The text is no interchange that can be read; the sentence says why."""


@dataclass(frozen=True, slots=True)
class Segment:
    """A segment: its tag and its elements, each split into components."""

    tag: str
    elements: tuple[tuple[str, ...], ...]

    def text(self, place: int, component: int = 0) -> str:
        """The component of the element at this place, counted from one; empty when it is not there."""
        if not 0 < place <= len(self.elements) or component >= len(self.elements[place - 1]):
            return ""
        return self.elements[place - 1][component].strip()


@dataclass(frozen=True, slots=True)
class Separators:
    """How an interchange parts its segments, elements and components."""

    component: str
    element: str
    release: str
    segment: str


def x12(text: str) -> tuple[list[Segment], Separators]:
    """The segments of an X12 interchange. Raises NotAnInterchange."""
    said = _unwrapped(text.lstrip("\ufeff \r\n\t"), ISA_CHARS - 1)
    if not said.startswith("ISA") or len(said) < ISA_CHARS:
        raise NotAnInterchange("An X12 interchange begins with an ISA segment of 106 characters.")
    marks = Separators(component=said[104], element=said[3], release="", segment=said[105])
    if len({marks.component, marks.element, marks.segment}) < 3 or any(mark.isalnum() for mark in (marks.element, marks.segment)):  # noqa: PLR2004 the three of them
        raise NotAnInterchange("The separators of the ISA segment cannot be told apart.")
    parts = [part.strip("\r\n ") for part in said.split(marks.segment)]
    found = []
    for part in parts:
        if part:
            tag, *elements = part.split(marks.element)
            found.append(Segment(tag, tuple((one,) if tag == "ISA" else tuple(one.split(marks.component)) for one in elements)))
    if len(found[0].elements) != ISA_ELEMENTS or not found[0].text(6):
        raise NotAnInterchange("The ISA segment has 16 elements and names its sender.")
    return _counted(found), marks


def _unwrapped(said: str, end: int) -> str:
    """The text without line breaks, which some senders put after so many characters; unless they end its segments."""
    if said[end : end + 1] in _BREAKS and not (set(said[:end]) & _BREAKS):
        return said
    return said.translate({ord(mark): None for mark in _BREAKS})


def edifact(text: str) -> tuple[list[Segment], Separators]:
    """The segments of an EDIFACT interchange. Raises NotAnInterchange."""
    said = _unwrapped(text.lstrip("\ufeff \r\n\t"), UNA_CHARS - 1)
    una = said[3:9] if said.startswith("UNA") else UNA_DEFAULT
    marks_told = una[:2] + una[3:4] + una[5:6]
    if len(set(marks_told)) < UNA_DIFFERENT or any(mark.isalnum() for mark in marks_told):
        raise NotAnInterchange("The separators of the UNA segment cannot be told apart.")
    marks = Separators(component=una[0], element=una[1], release=una[3].strip(), segment=una[5])
    said = said[9:] if said.startswith("UNA") else said
    if not said.lstrip("\r\n ").startswith("UNB"):
        raise NotAnInterchange("An EDIFACT interchange begins with a UNB segment.")
    found = []
    for raw in _split(said, marks.segment, marks.release):
        part = raw.strip("\r\n ")
        if part:
            tag, *elements = _split(part, marks.element, marks.release)
            components = (tuple(_plain(one, marks.release) for one in _split(element, marks.component, marks.release)) for element in elements)
            found.append(Segment(tag, tuple(components)))
    if found[0].tag != "UNB" or len(found[0].elements) < UNB_ELEMENTS or not found[0].text(2):
        raise NotAnInterchange("The UNB segment names no sender, recipient, time and reference.")
    return _counted(found), marks


def _split(text: str, mark: str, release: str) -> list[str]:
    """Split where the mark is not released."""
    if not release or release not in text:
        return text.split(mark)
    parts, start, place = [], 0, 0
    while place < len(text):
        if text[place] == release:
            place += 2
            continue
        if text[place] == mark:
            parts.append(text[start:place])
            start = place + 1
        place += 1
    return [*parts, text[start:]]


def _plain(text: str, release: str) -> str:
    if not release or release not in text:
        return text
    found, place = [], 0
    while place < len(text):
        place += 1 if text[place] == release and place + 1 < len(text) else 0
        found.append(text[place])
        place += 1
    return "".join(found)


def _counted(found: list[Segment]) -> list[Segment]:
    if any(segment.tag == found[0].tag for segment in found[1:]):
        raise NotAnInterchange("One interchange is read at a time.")
    if len(found) > SEGMENTS_MAX:
        raise NotAnInterchange(f"At most {SEGMENTS_MAX} segments are read.")
    return found
