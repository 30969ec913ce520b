"""Refusals in the gateway's own error envelope."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any


class Problem(Exception):
    """A request is refused; carries everything the documented error envelope shows."""

    def __init__(
        self,
        description: str,
        *,
        status: int = HTTPStatus.BAD_REQUEST,
        field: str | None = None,
        reason: str = "input_validation_failed",
        code: str = "BAD_REQUEST_ERROR",
    ) -> None:
        super().__init__(description)
        self.description = description
        self.status = int(status)
        self.field = field
        self.reason = reason
        self.code = code

    def envelope(self) -> dict[str, Any]:
        """The documented body; ``field`` only where a field is to blame."""
        error: dict[str, Any] = {
            "code": self.code,
            "description": self.description,
            "source": "business" if self.reason != "NA" else "NA",
            "step": "payment_initiation" if self.reason != "NA" else "NA",
            "reason": self.reason,
            "metadata": {},
        }
        if self.field is not None:
            error["field"] = self.field
        return {"error": error}


def unknown_id() -> Problem:
    """The refusal for an id nobody has, which the gateway answers with 400 and not with 404."""
    return Problem("The id provided does not exist")


def unknown_path() -> Problem:
    """The refusal for a path nobody serves."""
    return Problem("The requested URL was not found on the server.", status=HTTPStatus.NOT_FOUND, reason="NA")
