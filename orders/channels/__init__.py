"""Orders that other shops and partners took: one canonical shape in, a person for whatever does not fit (D1, D2)."""
