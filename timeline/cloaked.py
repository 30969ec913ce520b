"""A column of JSON that no one reads who reads the database alone (`vault.cloak`)."""

from __future__ import annotations

from typing import Any

import orjson
from django.db import models


class CloakedJSONField(models.BinaryField):  # type: ignore[type-arg]
    """A JSON object, kept as ciphertext that is bound to its table; an empty one is empty.

    It is read and assigned as a dict, and cannot be searched. An erasure sets it to `{}`.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("default", dict)
        kwargs["editable"] = False
        super().__init__(*args, **kwargs)

    def deconstruct(self) -> Any:
        """As a migration writes it: its default is always the same."""
        name, path, args, kwargs = super().deconstruct()
        kwargs.pop("default", None)
        kwargs.pop("editable", None)
        return name, path, args, kwargs

    def from_db_value(self, value: Any, *_: Any) -> dict[str, Any] | None:
        """The object of the ciphertext."""
        if value is None:
            return None
        from timeline import vault  # its keys are rows of the models that this field is part of

        blob = bytes(value)
        found: dict[str, Any] = orjson.loads(vault.uncloak(self._context(), blob)) if blob else {}
        return found

    def get_prep_value(self, value: Any) -> bytes | None:
        """The ciphertext of the object."""
        from timeline import vault

        if value is None:
            return None
        return vault.cloak(self._context(), orjson.dumps(value)) if value else b""

    def get_db_prep_value(self, value: Any, connection: Any, prepared: bool = False) -> Any:
        """What the engine takes for bytes."""
        ready = value if prepared else self.get_prep_value(value)
        return None if ready is None else connection.Database.Binary(ready)

    def value_to_string(self, obj: Any) -> str:
        """For a dump: in the clear, as every dump is."""
        return orjson.dumps(self.value_from_object(obj)).decode()

    def to_python(self, value: Any) -> Any:
        """Read back what a dump says."""
        return orjson.loads(value) if isinstance(value, str) else value

    def get_default(self) -> Any:
        """A new empty object."""
        return {}

    def _context(self) -> str:
        return self.model._meta.db_table  # not the column, so that it may be renamed
