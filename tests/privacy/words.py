"""Words of one customer that are unlike any other, and the forms in which they could lie somewhere."""

from __future__ import annotations

import base64

WORDS = {
    "email": "qwxanthippe@kestrelvale.example", "phone": "+919812374650", "name": "Xanthippe Quillfeather",
    "line1": "77 Zephyrine Terrace", "line2": "behind Obsidian Gate", "city": "Vyomapuram", "other": "Bartholomew Nightjar",
    "gstin": "29AAGCB7383J1Z4", "engraving": "Forever yours Thistledown", "note": "Prefers the Moonwort entrance",
    "hold": "Rang Sister Hyacinthia", "comment": "Tore on Grandmother Eglantine", "reason": "Grandnephew Peregrine fell ill",
    "taken_in": "Neighbour Calliope", "told": "Cousin Wintergreen called", "file": "Leave with Porter Larkspur",
}


def needles() -> dict[str, list[bytes]]:
    """Each word in the forms in which it could lie somewhere: as it is, as JSON escapes it, in base64, in hex, without +91."""
    found = {}
    for name, word in WORDS.items():
        raw = word.encode()
        forms = [raw, raw.hex().encode(), raw.upper(), raw.lower(), base64.b64encode(raw)[:-4]]
        found[name] = [*forms, raw.removeprefix(b"+91")] if name == "phone" else forms
    return found


def hits(data: bytes) -> list[str]:
    """Which words are in these bytes."""
    return [name for name, forms in needles().items() if any(form in data for form in forms)]
