"""The verbs of an order, one file a verb or two. Each is `verb(op, *, nouns) -> thing`."""
