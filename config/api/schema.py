"""OpenAPI as it is: every operation says which problems it may answer with and which headers it takes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from drf_spectacular.openapi import AutoSchema
from drf_spectacular.utils import OpenApiParameter
from rest_framework import serializers

from config.api.renderers import PROBLEM_TYPE

if TYPE_CHECKING:
    from collections.abc import Sequence

_WRITES: Final = frozenset({"POST", "PUT", "PATCH", "DELETE"})
_READ_PROBLEMS: Final = ("400", "401", "403", "404", "406", "429", "503")
_WRITE_PROBLEMS: Final = (*("400", "401", "403", "404", "406", "409", "412", "413", "415", "422", "428", "429", "503"),)
_MEANING: Final = {
    "400": "The request is not well formed; `errors` points at each place.",
    "401": "No valid credentials.",
    "403": "Known, and not allowed.",
    "404": "Absent, or somebody else's.",
    "406": "Only JSON is answered here.",
    "409": "The state or a concurrent request is in the way.",
    "412": "`If-Match` names an older version.",
    "413": "The body is too large.",
    "415": "The body is not JSON.",
    "422": "Understood, and refused.",
    "428": "An `Idempotency-Key` is required.",
    "429": "Too many requests; see `Retry-After`.",
    "503": "Busy; the same request may be sent again after `Retry-After`.",
}
_IDEMPOTENCY_KEY: Final = (
    "8 to 255 characters, quoted or bare. The same key with the same request replays the first answer; with another "
    "request it is a 422; while the first is in flight, a 409."
)


class ProblemError(serializers.Serializer[Any]):
    """One place in the request and what is wrong there."""

    pointer = serializers.CharField()
    detail = serializers.CharField()


class Problem(serializers.Serializer[Any]):
    """RFC 9457 problem document."""

    type = serializers.CharField(help_text="`/problems/<slug>`, stable.")
    title = serializers.CharField()
    status = serializers.IntegerField()
    detail = serializers.CharField()
    instance = serializers.CharField()
    errors = ProblemError(many=True, required=False)  # type: ignore[assignment]


class Schema(AutoSchema):
    """The schema of one operation.

    A view says ``key_required = True`` (or the set of methods) when an Idempotency-Key is a must, ``idempotent =
    False`` when it takes none, and ``takes_if_match = True`` when it honours ``If-Match``.
    """

    def get_operation_id(self) -> str:
        """Name the operation in camelCase."""
        head, *tail = super().get_operation_id().split("_")
        return head + "".join(part[:1].upper() + part[1:] for part in tail)

    def map_parsers(self) -> list[Any]:
        """Say JSON, for the parser's own pattern is wider."""
        return ["application/json"]

    def get_override_parameters(self) -> list[Any]:
        """Add the headers of writes."""
        parameters: list[Any] = list(super().get_override_parameters())
        if self.method not in _WRITES:
            return parameters
        if getattr(self.view, "idempotent", True):
            required = getattr(self.view, "key_required", False)
            parameters.append(
                OpenApiParameter(
                    name="Idempotency-Key",
                    type={"type": "string", "minLength": 8, "maxLength": 255},
                    location=OpenApiParameter.HEADER,
                    required=required is True or (required is not False and self.method in required),
                    description=_IDEMPOTENCY_KEY,
                ),
            )
        if getattr(self.view, "takes_if_match", False):
            parameters.append(
                OpenApiParameter(
                    name="If-Match",
                    type=str,
                    location=OpenApiParameter.HEADER,
                    description="The `ETag` read before; 412 when somebody changed the order since.",
                ),
            )
        return parameters

    def _get_response_bodies(self, direction: str = "response") -> dict[str, Any]:
        bodies: dict[str, Any] = super()._get_response_bodies(direction)  # type: ignore[arg-type]
        for code in self._problem_codes():
            if code not in bodies:
                body = self._get_response_for_code(Problem, code, media_types=[PROBLEM_TYPE])  # type: ignore[no-untyped-call]
                bodies[code] = {**body, "description": _MEANING[code]}
        return bodies

    def _problem_codes(self) -> Sequence[str]:
        return _WRITE_PROBLEMS if self.method in _WRITES else _READ_PROBLEMS
