"""Cells of a table that a spreadsheet takes for text and never for a formula.

A text that a spreadsheet might run gets an apostrophe before it: one that begins with `=`, `+`, `-` or `@`, with one of their
full-width or small forms, or with a minus sign; also when blanks or invisible characters stand before it; and one that
begins with a tab or the end of a line. Numbers are numbers and stay as they are.
"""

from __future__ import annotations

import re

_FORMULA = re.compile(
    r"[\t\r\n\v\f\0]|[\s\u00a0\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202f\u2060-\u206f\u3000\ufeff\"']*[=+\-@＝＋－＠﹢﹣﹦﹫−⁼⁺⁻₌₊₋]"
)


def safe(text: str) -> str:
    """The text, with an apostrophe before it where it might be run."""
    if not text or text[0].isalnum() or not _FORMULA.match(text):
        return text
    return f"'{text}"
