"""Many rows in one request: each is an operation of its own, under a key of its own (F11).

Note [A row's answer is kept]
    The key of a row is the batch's key and the row's place. A row that was done keeps its answer with its effect, in one
    transaction; a row that was refused keeps its refusal in a transaction of its own. So a batch that is sent again after
    a crash answers every row as it did, also a refused one whose order has moved on since, does the rest, and nothing
    twice. When all rows have an answer, the whole is kept under the batch's own key.
"""

from __future__ import annotations

import hashlib
import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import orjson
from django.db import IntegrityError

from orders import naming
from orders.api.batch_inputs import rows_of
from orders.api.views import StaffView
from timeline.api import problems
from timeline.api.answers import answered, encode
from timeline.api.keys import key_of, refuse_known
from timeline.errors import Busy, DomainError, InFlight, KeyReused, Missing, Refused, Replayed
from timeline.idempotency import Key
from timeline.operations import operation
from timeline.retries import retried

if TYPE_CHECKING:
    from uuid import UUID

    from django.http import HttpResponse
    from rest_framework.request import Request

    from timeline.actors import Actor
    from timeline.api.wire import Input
    from timeline.operations import Operation

BODY_BYTES_MAX = 2 * 1024 * 1024
SUCCESS_MAX = 299
log = logging.getLogger(__name__)

Answer = tuple[int, bytes]


@dataclass(frozen=True, slots=True)
class _Row:
    """One row: where it stands, what it says, whose it is, and the key it runs under."""

    place: int
    data: Any
    order: tuple[UUID, str] | None
    key: Key
    actor: Actor

    def head(self, status: int) -> dict[str, Any]:
        """How its answer begins."""
        order_id, number = self.order or (None, None)
        return {"row": self.place, "orderId": order_id, "orderNumber": number, "status": status}


class Batch(StaffView):
    """One answer per row, in the order of the rows; one bad row stops no other."""

    key_required: ClassVar[bool] = True
    body_bytes_max: ClassVar[int] = BODY_BYTES_MAX
    operation_name: ClassVar[str]
    row_input: ClassVar[type[Input]]
    row_status: ClassVar[int] = 200

    def act(self, op: Operation, order_id: UUID, wish: dict[str, Any]) -> dict[str, Any]:
        """Do the row, and give what its answer shows of it."""
        raise NotImplementedError

    def explained(self, refusal: DomainError, order_id: UUID) -> DomainError:  # noqa: ARG002 a face may say more
        """The refusal as the caller reads it."""
        return refusal

    def run(self, request: Request) -> HttpResponse:
        """Do every row, answer once. Raises what stops a whole batch: a bad outline, a key that is missing or reused."""
        rows = rows_of(request.data)
        actor = self.actor()
        key = key_of(request, actor, required=True)
        if key is None:
            raise AssertionError
        refuse_known(key)
        known = naming.ids_of(_named(row) for row in rows)
        answers = [
            self._answer(_Row(place, row, known.get(_named(row)), _key_of_row(key, place), actor))
            for place, row in enumerate(rows)
        ]
        succeeded = sum(status <= SUCCESS_MAX for status, _ in answers)
        whole = {
            "data": [orjson.Fragment(body) for _, body in answers],
            "succeeded": succeeded,
            "failed": len(answers) - succeeded,
        }
        with operation(f"{self.operation_name}_batch", actor=actor, key=key) as op:
            return answered(op, 200, whole)

    def _answer(self, row: _Row) -> Answer:
        try:
            return self._done(row)
        except Replayed as earlier:
            return earlier.status, earlier.body
        except (InFlight, KeyReused, Busy):
            raise  # about the batch and not about the row: sent again, it goes on where it stopped
        except IntegrityError:
            log.exception("constraint_refused")
            refusal: DomainError = Refused("It collides with something that exists; read, then decide.")
        except DomainError as error:
            refusal = error
        return self._kept(row, refusal)

    @retried
    def _done(self, row: _Row) -> Answer:
        wish = self.row_input.parse(row.data)
        del wish["order_id"]
        if row.order is None:
            raise Missing
        order_id, _ = row.order
        with operation(self.operation_name, actor=row.actor, stream=str(order_id), key=row.key) as op:
            body = encode({**row.head(self.row_status), **self.act(op, order_id, wish)})
            op.answer(self.row_status, body)
        return self.row_status, body

    @retried
    def _kept(self, row: _Row, refusal: DomainError) -> Answer:
        """Note [A row's answer is kept]."""
        said = self.explained(refusal, row.order[0]) if row.order is not None else refusal
        status, words = problems.status_of(said), problems.words_of(said)
        for error in words.get("errors", ()):
            error["pointer"] = f"#/rows/{row.place}{error['pointer'].removeprefix('#')}"
        problem = problems.document(words, status=status, instance=self.request.path)
        body = encode({**row.head(status), "problem": problem})
        try:
            with operation(f"{self.operation_name}_refused", actor=row.actor, key=row.key) as op:
                op.answer(status, body)
        except Replayed as earlier:
            return earlier.status, earlier.body
        return status, body


def _named(row: Any) -> str:
    """The order a row names, as `naming` finds it; nothing when the row is not even an object."""
    name = row.get("orderId") if type(row) is dict else None
    return name.strip().lower() if type(name) is str else ""


def _key_of_row(key: Key, place: int) -> Key:
    """The batch's key and the row's place; a scope of its own, so that no key a caller sends can name a row."""
    digest = hashlib.sha256(key.key.encode()).hexdigest()
    return Key(scope=f"row:{key.scope}"[:200], key=f"{digest}:{place}", fingerprint=key.fingerprint)
