r"""Bad requests made by hand (F60 to F72), to be driven against every endpoint.

``bodies(valid, {"#/lines/0/quantity": "quantity", ...})`` takes a body that is accepted and the kinds of some of
its fields, and yields ``Bad`` bodies. Each must be answered with one of ``expect`` and change nothing. ``bad_queries()``
does the same for query strings. The generators of schema-driven testing find none of these by themselves.
"""

from __future__ import annotations

import copy
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

REFUSED: Final = frozenset({400})
TOO_LARGE: Final = frozenset({413})
_MARK: Final = "@@corpus@@"

# Column names that somebody hopes to write through a body (F68).
MASS_ASSIGNMENT: Final = (
    *("id", "pk", "status", "total", "subtotal", "price", "paidAmount", "refundedAmount", "customerId", "customer_id"),
    *("person", "isStaff", "is_staff", "isSuperuser", "createdAt", "orderNumber", "number", "stream", "version"),
    *(
        "payment_state",
        "paymentState",
        "allowedActions",
        "actor",
        "channel",
        "__proto__",
        "constructor",
        "",
        " ",
        "$where",
    ),
)

# Raw JSON texts that no field takes, whatever its kind: (name, fault, raw).
ANYWHERE: Final[tuple[tuple[str, str, str], ...]] = (
    ("nan", "F62", "NaN"),
    ("infinity", "F62", "Infinity"),
    ("minus-infinity", "F62", "-Infinity"),
    ("1e400", "F62", "1e400"),
    ("minus-1e400", "F62", "-1e400"),
    ("2**53", "F62", "9007199254740992"),
    ("2**53+1", "F62", "9007199254740993"),
    ("2**63", "F62", "9223372036854775808"),
    ("minus-2**63-1", "F62", "-9223372036854775809"),
    ("5000-digits", "F62", "9" * 5000),
    ("50000-decimals", "F62", "0." + "1" * 50_000),
    ("leading-zero", "F65", "007"),
    ("plus-sign", "F65", "+1"),
    ("hexadecimal", "F65", "0x10"),
    ("bare-underscore", "F65", "1_000"),
    ("bare-word", "F65", "undefined"),
    ("single-quotes", "F65", "'1'"),
    ("trailing-dot", "F65", "1."),
    ("nul-escaped", "F63", r'"a\u0000b"'),
    ("nul-raw", "F63", '"a\x00b"'),
    ("high-surrogate", "F63", r'"\ud800"'),
    ("low-surrogate", "F63", r'"\udfff"'),
    ("reversed-surrogates", "F63", r'"\udc00\ud800"'),
    ("surrogate-in-key", "F63", r'{"\ud800": 1}'),
    ("nul-in-key", "F63", r'{"a\u0000": 1}'),
    ("newline-in-key", "F63", r'{"a\nb": 1}'),
    ("bell", "F63", r'"\u0007"'),
    ("escape-sequence", "F72", r'"\u001b[31mred"'),
    ("raw-newline", "F72", '"a\nb"'),
    ("delete", "F63", r'"\u007f"'),
    ("delete-raw", "F63", '"\x7f"'),
    ("backspace", "F63", r'"a\bc"'),
    ("form-feed", "F63", r'"a\fc"'),
    ("deep-array", "F61", "[" * 33 + "]" * 33),
    ("deeper-array", "F61", "[" * 100_000 + "]" * 100_000),
    ("deep-object", "F61", '{"a":' * 5_000 + "1" + "}" * 5_000),
    ("deep-and-open", "F61", "[" * 50_000),
    ("duplicate-inside", "F64", '{"a": 1, "a": 2}'),
    ("duplicate-escaped", "F64", r'{"a": 1, "\u0061": 2}'),
)

_NOT_A_NUMBER: Final[tuple[tuple[str, str, str], ...]] = (
    ("text-number", "F65", '"1"'),
    ("underscored", "F65", '"1_000"'),
    ("full-width", "F65", '"１"'),
    ("devanagari", "F65", '"१"'),
    ("arabic-indic", "F65", '"٣"'),
    ("superscript", "F65", '"²"'),
    ("padded", "F65", '" 1 "'),
    ("empty-text", "F65", '""'),
    ("true", "F65", "true"),
    ("false", "F65", "false"),
    ("float", "F65", "1.0"),
    ("minus-zero-float", "F65", "-0.0"),
    ("exponent", "F65", "1e2"),
    ("fraction", "F65", "1.5"),
    ("array", "F65", "[1]"),
    ("object", "F65", '{"value": 1}'),
    ("null", "F65", "null"),
)
_NOT_A_TEXT: Final[tuple[tuple[str, str, str], ...]] = (
    ("number-for-text", "F65", "12"),
    ("float-for-text", "F65", "1.5"),
    ("bool-for-text", "F65", "true"),
    ("array-for-text", "F65", '["a"]'),
    ("object-for-text", "F65", '{"a": "b"}'),
    ("empty-array-for-text", "F65", "[]"),
    ("rtl-override", "F67", '"abc\u202edef"'),
    ("isolate", "F67", '"abc\u2066def"'),
    ("zero-width-space", "F67", '"a\u200bb"'),
    ("byte-order-mark", "F67", '"a\ufeffb"'),
    ("line-separator", "F67", '"a\u2028b"'),
    ("tag-character", "F67", '"a\U000e0041b"'),
    ("non-character", "F63", '"a\uffffb"'),
    ("huge-text", "F66", '"' + "x" * 20_000 + '"'),
    ("huge-combining", "F66", '"e' + "\u0301" * 20_000 + '"'),
)
_KINDS: Final[dict[str, tuple[tuple[str, str, str], ...]]] = {
    "int": _NOT_A_NUMBER,
    "money": (
        *_NOT_A_NUMBER,
        ("negative", "F66", "-1"),
        ("absurd", "F66", str(10**13 + 1)),
        ("largest-exact", "F66", str(2**53 - 1)),
    ),
    "quantity": (
        *_NOT_A_NUMBER,
        ("zero", "F66", "0"),
        ("negative", "F66", "-1"),
        ("absurd", "F66", "10001"),
        ("largest-exact", "F66", str(2**53 - 1)),
    ),
    "text": _NOT_A_TEXT,
    "code": (
        *_NOT_A_TEXT,
        ("cyrillic-look-alike", "F67", '"\u0421OTTON-1"'),
        ("dotless-i", "F67", '"th\u0131ng"'),
        ("sharp-s", "F67", '"stra\u00dfe"'),
        ("sql", "F67", "\"x' OR '1'='1\""),
        ("path", "F67", '"../../etc/passwd"'),
        ("space-inside", "F67", '"A B"'),
        ("empty", "F67", '""'),
        ("null", "F65", "null"),
    ),
    "email": (
        *_NOT_A_TEXT,
        ("no-at", "F67", '"nobody"'),
        ("two-ats", "F67", '"a@b@example.com"'),
        ("header-injection", "F72", r'"a@example.com\nBcc: b@example.com"'),
        ("no-dot", "F67", '"a@localhost"'),
        ("dots", "F67", '"a..b@example.com"'),
        ("display-name", "F67", '"A <a@example.com>"'),
        ("cyrillic-look-alike", "F67", '"\u0430dmin@example.com"'),
    ),
    "bool": tuple(
        (name, "F65", raw)
        for name, raw in (
            *(("text-true", '"true"'), ("one", "1"), ("zero", "0"), ("null", "null"), ("yes", '"yes"')),
            *(("array", "[]"), ("object", "{}"), ("float", "1.0"), ("empty-text", '""')),
        )
    ),
    "uuid": (
        *_NOT_A_TEXT[:6],
        ("not-a-uuid", "F65", '"1"'),
        ("uuid-with-tail", "F65", '"01890a5d-ac96-774b-bcce-b302099a8057x"'),
        ("uuid-urn", "F65", '"urn:uuid:01890a5d-ac96-774b-bcce-b302099a8057"'),
        ("uuid-braces", "F65", '"{01890a5d-ac96-774b-bcce-b302099a8057}"'),
        ("empty", "F65", '""'),
        ("null", "F65", "null"),
    ),
    "choice": (*_NOT_A_TEXT, ("unknown-word", "F65", '"sudo"'), ("null", "F65", "null")),
    "object": tuple(
        (name, "F65", raw)
        for name, raw in (
            *(("array", "[]"), ("text", '"x"'), ("number", "1"), ("true", "true"), ("array-of-objects", "[{}]")),
            ("unknown-inside", '{"isStaff": true}'),
        )
    ),
    "list": (
        ("object", "F65", "{}"),
        ("object-with-indices", "F65", '{"0": {}}'),
        ("text", "F65", '"x"'),
        ("number", "F65", "1"),
        ("null-inside", "F65", "[null]"),
        ("list-inside", "F65", "[[]]"),
        ("bomb", "F71", "[" + ",".join(["{}"] * 20_000) + "]"),
    ),
    "metadata": (
        ("array", "F65", "[]"),
        ("text", "F65", '"x"'),
        ("number", "F65", "1"),
        ("too-many-keys", "F71", json.dumps({f"k{n}": n for n in range(51)})),
        ("too-many-bytes", "F71", json.dumps({"k": "x" * 8_192})),
        ("too-deep", "F61", '{"a":{"b":{"c":{"d":{"e":1}}}}}'),
        ("long-key", "F71", json.dumps({"k" * 65: 1})),
        ("override-in-value", "F67", '{"a": "\u202e"}'),
    ),
}


@dataclass(frozen=True, slots=True)
class Bad:
    """A body that must be refused: with which status, and why."""

    name: str
    fault: str
    raw: bytes
    expect: frozenset[int] = REFUSED
    content_type: str = "application/json"

    def __str__(self) -> str:
        return f"{self.fault}-{self.name}"


def bodies(valid: Mapping[str, Any], fields: Mapping[str, str]) -> Iterator[Bad]:
    """Yield every mutation of a body that is accepted; ``fields`` maps pointers to kinds."""
    yield from whole(valid)
    for pointer, kind in fields.items():
        yield from at(valid, pointer, kind)


def at(valid: Mapping[str, Any], pointer: str, kind: str) -> Iterator[Bad]:
    """Yield mutations of one writable field: what no field takes, and what this kind does not take."""
    for name, fault, raw in (*ANYWHERE, *_KINDS[kind]):
        yield Bad(f"{pointer} {name}", fault, replaced(valid, pointer, raw))
    key = pointer.rsplit("/", 1)[-1]
    if not key.isdigit():
        yield Bad(f"{pointer} duplicate-key", "F64", _doubled(valid, pointer, key))


def whole(valid: Mapping[str, Any]) -> Iterator[Bad]:
    """Yield mutations of the document as a whole."""
    text = json.dumps(valid)
    fits = text.encode()
    for name, raw in (
        *(("array", b"[]"), ("array-of-it", f"[{text}]".encode()), ("null", b"null"), ("number", b"1")),
        *(("text", b'"x"'), ("true", b"true"), ("cut", fits[:-1]), ("tail", fits + b"x"), ("twice", fits + fits)),
        *(("comment", b"/* */" + fits), ("trailing-comma", fits[:-1] + b",}"), ("form", b"quantity=1")),
    ):
        yield Bad(f"body {name}", "F65", raw)
    for name, raw in (
        ("bom", b"\xef\xbb\xbf" + fits),
        ("utf-16", text.encode("utf-16")),
        ("latin-1", b'{"note": "caf\xe9"}'),
        ("overlong", b'{"note": "\xc0\x80"}'),
        ("utf-8-surrogate", b'{"note": "\xed\xa0\x80"}'),
        ("nul-bytes", b"\x00" * 16),
    ):
        yield Bad(f"body {name}", "F63", raw)
    yield Bad("body deep", "F61", b'{"a":' + b"[" * 100_000 + b"]" * 100_000 + b"}")
    yield Bad("body unclosed-string-of-quotes", "F61", b'{"a": "' + b'\\"' * 100_000)
    yield Bad("body large", "F60", b'{"a": "' + b"x" * (3 * 1024 * 1024) + b'"}', TOO_LARGE | REFUSED)
    for name in MASS_ASSIGNMENT:
        if name not in valid:
            yield Bad(f"body unknown {name!r}", "F68", json.dumps({**valid, name: 1}).encode())
    unsupported = frozenset({415})
    for media in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "text/xml", ""):
        yield Bad(f"body as {media!r}", "F65", fits, unsupported, media)
    yield Bad("body charset", "F63", text.encode("utf-16"), unsupported, "application/json; charset=utf-16")


def replaced(valid: Mapping[str, Any], pointer: str, raw: str) -> bytes:
    """Put raw JSON text in place of one field."""
    body = copy.deepcopy(dict(valid))
    place, key = _place(body, pointer)
    place[key] = _MARK
    return json.dumps(body, ensure_ascii=False).replace(f'"{_MARK}"', raw).encode("utf-8", "surrogatepass")


def _doubled(valid: Mapping[str, Any], pointer: str, key: str) -> bytes:
    body = copy.deepcopy(dict(valid))
    place, _ = _place(body, pointer)
    value = json.dumps(place[key])
    place[key] = _MARK
    return json.dumps(body).replace(f'"{_MARK}"', f'{value}, "{key}": {value}').encode()


def _place(body: Any, pointer: str) -> tuple[Any, Any]:
    *path, last = pointer.removeprefix("#/").split("/")
    for token in path:
        body = body[int(token)] if isinstance(body, list) else body[token]
    return body, int(last) if isinstance(body, list) else last


def bad_queries() -> tuple[str, ...]:
    """Query strings that every list refuses with 400 (F70, F71)."""
    return (
        *("limit=0", "limit=201", "limit=1000000000", "limit=-1", "limit=1.0", "limit=1e2", "limit=1_0", "limit=+1"),
        *("limit=", "limit=%201", "limit=%EF%BC%91", "limit=%E0%A5%A7", "limit=abc", "limit=0x10", "limit=1&limit=2"),
        *("page=0", "page=10001", "page=-1", "page=99999999999999999999", "page=%00", "page=1%00", "page[]=1"),
        *("sort=password", "sort=customer__password", "sort=-__class__", "sort=?", "sort=createdAt;drop", "sort=id)--"),
        *("unknown=1", "status__in=pending", "customer__user__password__startswith=a", "page_size=1000000000"),
        *(
            "cursor=x",
            "cursor=%00",
            "cursor=" + "A" * 5000,
            "cursor=eyJhIjoxfQ:forged",
            "cursor=..%2F..",
            "__class__=1",
        ),
        *("&".join(f"f{n}=1" for n in range(500)), "pk=1", "or=1", "%00=1", "=1", "limit=20&page=1&debug=true"),
    )
