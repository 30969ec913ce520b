"""Serializers and fields that take exactly what the API promises to take, and nothing that merely looks like it.

Wrong type, wrong range, unknown or read-only key: 400 ``/problems/validation`` with a JSON pointer to each place.
Names are declared in snake_case and travel in camelCase; ``parse`` gives back snake_case.
"""

from __future__ import annotations

import datetime as dt
import json
import math
import re
import unicodedata
import uuid
from typing import Any, ClassVar

from django.utils import timezone
from rest_framework import serializers
from rest_framework.exceptions import ValidationError

from timeline.api.pointers import WHOLE, pointers
from timeline.errors import BadRequest

INTEGER_MAX = 2**53 - 1
MONEY_MINOR_MAX = 10**13
QUANTITY_MAX = 10_000
LIST_LENGTH_MAX = 100
CODE_LENGTH_MAX = 64
EMAIL_LENGTH_MAX = 254
EMAIL_LOCAL_LENGTH_MAX = 64
METADATA_KEYS_MAX = 50
METADATA_BYTES_MAX = 8 * 1024
METADATA_DEPTH_MAX = 4
METADATA_KEY_LENGTH_MAX = 64
YEAR_MIN, YEAR_MAX = 1970, 2200

# Controls (C0, DEL, C1), lone surrogates, bidirectional marks and overrides, zero-width space, word joiner and
# invisible operators, line and paragraph separators, byte order mark, replacement and interlinear characters,
# non-characters, tags.
# ZWNJ and ZWJ (200C, 200D) stay: Indian scripts need them.
_FORBIDDEN = re.compile(
    "[\x00-\x1f\x7f-\x9f\ud800-\udfff\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff0-\uffff"
    "\ufdd0-\ufdef\U000e0000-\U000e0fff]",
)
_LINES = str.maketrans("", "", "\n\t")  # allowed in a multiline text
_UUID = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_CODE = re.compile(r"[A-Za-z0-9-]+")
_EMAIL_LOCAL = re.compile(r"[a-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[a-z0-9!#$%&'*+/=?^_`{|}~-]+)*")
_EMAIL_DOMAIN = re.compile(r"(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z](?:[a-z0-9-]{0,61}[a-z0-9])")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_MOMENT = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt][0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{1,9})?(?:[Zz]|[+-][0-9]{2}:[0-9]{2})",
)


def camel(name: str) -> str:
    """``gst_rate`` to ``gstRate``."""
    head, *tail = name.split("_")
    return head + "".join(part.capitalize() for part in tail)


def text_fault(text: str, *, multiline: bool = False) -> str | None:
    """Say what is wrong with the characters of a text, or None: controls, bidirectional overrides, invisibles (F67)."""
    found = _FORBIDDEN.search(text.translate(_LINES) if multiline else text)
    return None if found is None else f"The character U+{ord(found[0]):04X} is not allowed."


def moment(text: str) -> dt.datetime:
    """Read an RFC 3339 date and time with its offset. Raises ``ValueError``, also outside 1970 to 2200."""
    if not _MOMENT.fullmatch(text):
        raise ValueError(text)
    value = dt.datetime.fromisoformat(re.sub(r"(\.[0-9]{6})[0-9]+", r"\1", text.upper()))
    if not YEAR_MIN <= value.year <= YEAR_MAX:
        raise ValueError(text)
    return value.astimezone(dt.UTC)


def day(text: str) -> dt.date:
    """Read a full date, ``2026-01-31``. Raises ``ValueError``, also outside 1970 to 2200."""
    if not _DATE.fullmatch(text):
        raise ValueError(text)
    value = dt.date.fromisoformat(text)
    if not YEAR_MIN <= value.year <= YEAR_MAX:
        raise ValueError(text)
    return value


class _CamelNames(serializers.Serializer[Any]):
    """Fields declared in snake_case, seen from outside in camelCase."""

    def get_fields(self) -> dict[str, serializers.Field[Any, Any, Any, Any]]:
        """Rename each field on its way out, keeping its source and the validators named after it."""
        renamed: dict[str, serializers.Field[Any, Any, Any, Any]] = {}
        for name, field in super().get_fields().items():
            wire = camel(name)
            if wire != name:
                if isinstance(field, serializers.SerializerMethodField):
                    field.method_name = field.method_name or f"get_{name}"
                elif field.source is None:
                    field.source = name
                if hasattr(self, f"validate_{name}"):
                    setattr(self, f"validate_{wire}", getattr(self, f"validate_{name}"))
            renamed[wire] = field
        return renamed


class Output(_CamelNames):
    """What an answer looks like: snake_case attributes out as camelCase JSON, times in UTC whatever the shop's zone is."""

    def to_representation(self, instance: Any) -> Any:
        """The answer of one thing."""
        with timezone.override(dt.UTC):
            return super().to_representation(instance)


class Page(Output):
    """The envelope of every list, as `timeline.api.paging` fills it; who inherits says what `data` holds."""

    page = serializers.IntegerField()
    limit = serializers.IntegerField()
    total = serializers.IntegerField()
    total_is_capped = serializers.BooleanField()
    next_cursor = serializers.CharField(allow_null=True)


class Input(_CamelNames):
    """What a body must look like. An unknown or read-only key is refused by name (F68)."""

    @classmethod
    def many_init(cls, *args: Any, **kwargs: Any) -> Any:
        """Give every list of objects a greatest length (F71)."""
        kwargs.setdefault("max_length", LIST_LENGTH_MAX)
        return super().many_init(*args, **kwargs)

    @classmethod
    def parse(cls, data: object, *, partial: bool = False) -> dict[str, Any]:
        """Check a body and give its values by snake_case name. Raises ``BadRequest`` with a pointer to each fault."""
        if type(data) is not dict:
            raise BadRequest("The body must be a JSON object.", errors=[("#", "A JSON object is required.")])
        wish = cls(data=data, partial=partial)
        if not wish.is_valid():
            raise BadRequest(errors=pointers(wish.errors))
        return dict(wish.validated_data)

    def to_internal_value(self, data: Any) -> Any:
        """Check the keys, then the values; both kinds of fault are reported together."""
        if type(data) is not dict:
            raise ValidationError({WHOLE: ["A JSON object is required."]})
        writable = {name for name, field in self.fields.items() if not field.read_only}
        faults: dict[str, Any] = {key: ["Unknown field."] for key in data if key not in writable}
        for key in faults:
            if key in self.fields:
                faults[key] = ["This field cannot be set."]
        try:
            value = super().to_internal_value(data)
        except ValidationError as exc:
            if isinstance(exc.detail, dict):
                faults.update(exc.detail)
        if faults:
            raise ValidationError(faults)
        return value


class StrictInt(serializers.IntegerField):
    """A JSON integer: not a string, not ``true``, not ``1.0`` (F65). Range: by default what JSON carries exactly."""

    def __init__(self, *, min_value: int = -INTEGER_MAX, max_value: int = INTEGER_MAX, **kwargs: Any) -> None:
        """Bound the value on both sides."""
        super().__init__(min_value=min_value, max_value=max_value, **kwargs)

    def to_internal_value(self, data: Any) -> int:
        """Take an ``int`` and nothing else."""
        if type(data) is not int:
            raise ValidationError("A JSON integer is required.", code="invalid")
        return data


class Money(StrictInt):
    """Minor units of the currency, 0 to 10**13 (F66)."""

    def __init__(self, *, min_value: int = 0, max_value: int = MONEY_MINOR_MAX, **kwargs: Any) -> None:
        """Bound the amount."""
        super().__init__(min_value=min_value, max_value=max_value, **kwargs)


class Quantity(StrictInt):
    """Pieces, 1 to 10,000 (F66)."""

    def __init__(self, *, min_value: int = 1, max_value: int = QUANTITY_MAX, **kwargs: Any) -> None:
        """Bound the count."""
        super().__init__(min_value=min_value, max_value=max_value, **kwargs)


class StrictText(serializers.CharField):
    """A JSON string, NFC, trimmed, no longer than ``max_length``, without control or direction characters (F67)."""

    def __init__(self, *, max_length: int, multiline: bool = False, **kwargs: Any) -> None:
        """Bound the length; a multiline text may hold line feeds and tabs."""
        self.multiline = multiline
        super().__init__(max_length=max_length, **kwargs)

    def run_validation(self, data: Any = serializers.empty) -> Any:
        """Check the type before the frame turns it into text."""
        if data is not serializers.empty and data is not None and type(data) is not str:
            raise ValidationError("A JSON string is required.", code="invalid")
        return super().run_validation(data)

    def to_internal_value(self, data: Any) -> str:
        """Bring to one canonical form."""
        text = unicodedata.normalize("NFC", data)
        if self.multiline:
            text = text.replace("\r\n", "\n").replace("\r", "\n")
        text = text.strip()
        if fault := text_fault(text, multiline=self.multiline):
            raise ValidationError(fault, code="invalid")
        if not self.allow_blank and not text.strip("\u200c\u200d \n\t"):
            self.fail("blank")
        return text


class Code(StrictText):
    """A SKU, coupon or warehouse code: letters, digits and hyphens of ASCII, upper-cased (F67)."""

    def __init__(self, *, max_length: int = CODE_LENGTH_MAX, **kwargs: Any) -> None:
        """Bound the length."""
        super().__init__(max_length=max_length, **kwargs)

    def to_internal_value(self, data: Any) -> str:
        """Refuse look-alikes before the case is changed, for upper-casing turns some of them into ASCII."""
        text = super().to_internal_value(data)
        if not _CODE.fullmatch(text):
            raise ValidationError("Only letters A to Z, digits and hyphens are allowed.", code="invalid")
        return text.upper()


class Email(StrictText):
    """An e-mail address in its canonical form: NFKC, case-folded, ASCII after that, at most 254 characters (F67)."""

    def __init__(self, *, max_length: int = EMAIL_LENGTH_MAX, **kwargs: Any) -> None:
        """Bound the length."""
        super().__init__(max_length=max_length, **kwargs)

    def to_internal_value(self, data: Any) -> str:
        """Fold, then check the two parts."""
        text = unicodedata.normalize("NFKC", super().to_internal_value(data)).casefold()
        local, _, domain = text.rpartition("@")
        fits = len(local) <= EMAIL_LOCAL_LENGTH_MAX
        if not (fits and _EMAIL_LOCAL.fullmatch(local) and _EMAIL_DOMAIN.fullmatch(domain)):
            raise ValidationError("This is not an e-mail address.", code="invalid")
        return text


class StrictBool(serializers.BooleanField):
    """``true`` or ``false``."""

    def to_internal_value(self, data: Any) -> bool:
        """Take a ``bool`` and nothing else."""
        if type(data) is not bool:
            raise ValidationError("true or false is required.", code="invalid")
        return data


class StrictUUID(serializers.UUIDField):
    """A UUID as text with its hyphens."""

    def to_internal_value(self, data: Any) -> uuid.UUID:
        """Take the canonical form only, in either case."""
        if type(data) is not str or not _UUID.fullmatch(data):
            raise ValidationError("A UUID is required.", code="invalid")
        return uuid.UUID(data)


class Choice(serializers.ChoiceField):
    """One of some words, exactly as written."""

    def to_internal_value(self, data: Any) -> str:
        """Compare as text only."""
        if type(data) is not str or data not in self.choices:
            words = ", ".join(str(word) for word in self.choices)
            message = f"One of these is required: {words}."
            raise ValidationError(message, code="invalid_choice")
        return data


class StrictDateTime(serializers.DateTimeField):
    """RFC 3339 with an offset; comes in as aware UTC and goes out as UTC with ``Z``."""

    def to_internal_value(self, value: Any) -> dt.datetime:
        """Take text with an offset only."""
        try:
            return moment(value) if type(value) is str else self.fail("invalid", format="RFC 3339")
        except (ValueError, OverflowError):
            self.fail("invalid", format="RFC 3339")

    def to_representation(self, value: Any) -> str:
        """Write UTC, whatever the business time zone is."""
        if isinstance(value, str):
            return value
        return str(value.astimezone(dt.UTC).isoformat().replace("+00:00", "Z"))


class StrictDate(serializers.DateField):
    """A full date, ``2026-01-31``."""

    def to_internal_value(self, value: Any) -> dt.date:
        """Take text of that form only."""
        try:
            return day(value) if type(value) is str else self.fail("invalid", format="YYYY-MM-DD")
        except ValueError:
            self.fail("invalid", format="YYYY-MM-DD")


class Metadata(serializers.JSONField):
    """A caller's own JSON object: at most 50 keys, 8 KiB, 4 levels."""

    default_error_messages: ClassVar[dict[str, Any]] = {
        "object": "A JSON object is required.",
        "size": f"At most {METADATA_KEYS_MAX} keys and {METADATA_BYTES_MAX} bytes are kept here.",
        "depth": f"At most {METADATA_DEPTH_MAX} levels are kept here.",
        "value": "A value or key cannot be kept: {fault}",
    }

    def to_internal_value(self, data: Any) -> dict[str, Any]:
        """Check size, depth and every text."""
        if type(data) is not dict:
            self.fail("object")
        self._check(data, depth=1)
        if len(data) > METADATA_KEYS_MAX or len(json.dumps(data, ensure_ascii=False).encode()) > METADATA_BYTES_MAX:
            self.fail("size")
        return dict(data)

    def _check(self, value: Any, *, depth: int) -> None:
        if depth > METADATA_DEPTH_MAX and isinstance(value, dict | list):
            self.fail("depth")
        if isinstance(value, dict):
            for key, inner in value.items():
                if not 1 <= len(key) <= METADATA_KEY_LENGTH_MAX or text_fault(key):
                    self.fail("value", fault=f"a key holds 1 to {METADATA_KEY_LENGTH_MAX} visible characters.")
                self._check(inner, depth=depth + 1)
        elif isinstance(value, list):
            for inner in value:
                self._check(inner, depth=depth + 1)
        elif isinstance(value, str) and (fault := text_fault(value, multiline=True)):
            self.fail("value", fault=fault)
        elif isinstance(value, float) and not math.isfinite(value):
            self.fail("value", fault="a number is not finite.")
