"""Interchanges are taken apart as other people's parsers take them apart: `pydifact` for EDIFACT, `pyx12` for X12 (D9).

The shop reads with its own: `pydifact` begins anew at a `'UNA` inside a text and drops what stood before it, `pyx12` brings
ten megabytes of health insurers' maps, and both answer a broken interchange with errors of many kinds.
"""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

from hypothesis import given, settings
from hypothesis import strategies as st
from pydifact.control.characters import Characters
from pydifact.parser import Parser, TokenIterator
from pydifact.tokenizer import Tokenizer
from pyx12.x12file import X12Reader

from orders.channels.edi import segments
from tests.thorough import many

if TYPE_CHECKING:
    from collections.abc import Sequence

Told = list[tuple[str, list[list[str]]]]

TAGS = st.text("ABCDEFGHIJKLMNOPQRSTUVWXYZ", min_size=3, max_size=3).filter(lambda tag: tag not in {"ISA", "UNA", "UNB", "GSX"})
EDIFACT_TEXTS = st.text("AZaz09+:'?.-, éß", min_size=1, max_size=8).map(str.strip).filter(bool)
X12_TEXTS = st.text("AZaz09+:'?.-, éß", min_size=1, max_size=8).map(str.strip).filter(bool)
ISA = "ISA*00*          *00*          *ZZ*BUYER          *ZZ*SELLER         *260401*1200*U*00401*000000001*0*P*>~"


def _bodies(texts: st.SearchStrategy[str]) -> st.SearchStrategy[Told]:
    elements = st.lists(st.lists(st.one_of(st.just(""), texts), min_size=1, max_size=4), min_size=1, max_size=5)
    return st.lists(st.tuples(TAGS, elements), min_size=1, max_size=6)


def _bare(elements: Sequence[Sequence[str]]) -> list[list[str]]:
    """Without the empty components and elements at the end, of which nobody can tell whether they were written."""
    found = [[one.strip() for one in element] for element in elements]
    for element in found:
        while element and not element[-1]:
            element.pop()
    while found and not found[-1]:
        found.pop()
    return found


def _ours(read: tuple[list[segments.Segment], segments.Separators]) -> Told:
    return [(segment.tag, _bare(segment.elements)) for segment in read[0]]


def _released(text: str) -> str:
    return "".join(f"?{letter}" if letter in "?+:'" else letter for letter in text)


@settings(max_examples=many(200))
@given(_bodies(EDIFACT_TEXTS))
def test_d9_edifact_is_taken_apart_as_by_pydifact(told: Told) -> None:
    written = "UNB+UNOC:3+A:14+B:14+260401:1200+1'" + "".join(
        "+".join([tag, *(":".join(_released(one) for one in element) for element in elements)]) + "'\n" for tag, elements in told
    )
    tokens = Tokenizer().get_tokens(written, Characters())  # type: ignore[no-untyped-call]
    raw = Parser().convert_tokens_to_raw_segments(TokenIterator(tokens))
    theirs = [(str(tag), _bare([one if isinstance(one, list) else [one] for one in elements])) for tag, *elements in raw]
    ours = _ours(segments.edifact(written))
    assert ours == theirs
    assert ours[1:] == [(tag, _bare(elements)) for tag, elements in told]


@settings(max_examples=many(200))
@given(_bodies(X12_TEXTS))
def test_d9_x12_is_taken_apart_as_by_pyx12(told: Told) -> None:
    written = ISA + "".join("*".join([tag, *(">".join(element) for element in elements)]) + "~\n" for tag, elements in told)
    theirs = [
        (segment.get_seg_id(), _bare([composite.format(">").split(">") for composite in segment.elements])) for segment in X12Reader(io.StringIO(written))
    ]
    ours = _ours(segments.x12(written))
    assert ours[1:] == theirs[1:] == [(tag, _bare(elements)) for tag, elements in told]
