"""What is written down of an error: never the e-mail addresses and phone numbers that others put into theirs."""

from __future__ import annotations

import re

_EMAIL = re.compile(r"[^\s@<>\"'(),;:=]{1,64}@[^\s@<>\"'(),;:=]{1,255}")
_PHONE = re.compile(r"(?<![\w.-])(?:\+\d{1,3}[ -]?|0)?[6-9]\d{4}[ -]?\d{5}(?![\w-])")


def redacted(text: str) -> str:
    """The text with `[e-mail]` and `[phone]` in the place of such."""
    return _PHONE.sub("[phone]", _EMAIL.sub("[e-mail]", text))
