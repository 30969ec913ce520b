"""What pricing knows of India: its states (the one table, `shipping.states`) and the check of a GSTIN."""

from __future__ import annotations

import re

from shipping.states import STATES, State, pin_matches, state_of

__all__ = ["STATES", "State", "check_gstin", "gstin_check_character", "pin_matches", "state_of"]

_GSTIN_ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_GSTIN_FORMS = re.compile(
    r"""
    [0-9]{2} [A-Z]{4}[A-Z0-9][0-9]{4}[A-Z] [1-9A-Z] [Z1-9A-J] [0-9A-Z]   # by PAN or TAN: regular, TDS (D), TCS (C)
    | [0-9]{4} [A-Z]{3} [0-9]{5} (?:UN|ON|NR|OS) [0-9A-Z]                # embassies, non-residents, online services
    """,
    re.ASCII | re.VERBOSE,
)
_OUTSIDE_THE_STATES = frozenset({"96", "97", "99"})  # foreign, other territory, centre
_STATE_CODE_MAX = 38  # 25 and 28 are of states since merged or divided; old registrations still carry them


def check_gstin(text: str) -> bool:
    """Whether the text is a GSTIN: of a known form, of a known state code, and with the right check character.

    It says nothing of whether the number was ever given out. Check: code points of 0–9A–Z times 1, 2, 1, 2 … from
    the left, quotient and remainder by 36 added up, and the last character makes the sum a multiple of 36.
    """
    if not _GSTIN_FORMS.fullmatch(text):
        return False
    if not (1 <= int(text[:2]) <= _STATE_CODE_MAX or text[:2] in _OUTSIDE_THE_STATES):
        return False
    return text[-1] == gstin_check_character(text[:-1])


def gstin_check_character(body: str) -> str:
    """The fifteenth character of a GSTIN whose first fourteen these are."""
    base = len(_GSTIN_ALPHABET)
    total = 0
    for place, character in enumerate(body):
        product = _GSTIN_ALPHABET.index(character) * (1 + place % 2)
        total += product // base + product % base
    return _GSTIN_ALPHABET[-total % base]
