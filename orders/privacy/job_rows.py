"""Rows of files that speak of an erased person's orders: their notes may name them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.db.models import Q

from orders.models import JobChunk, JobResult, Order, Person
from timeline import vault

if TYPE_CHECKING:
    from collections.abc import Sequence

    from timeline.erasing import Erased
    from timeline.operations import Operation

NUMBER = "order_number"


def find(erased: Erased) -> list[tuple[int, list[int]]]:
    """Pairs of a chunk and the lines in it that name one of the person's orders."""
    whole = Person.objects.filter(Q(pk=erased.person_id) | Q(owner=erased.person_id))
    numbers = set(Order.objects.filter(person__in=whole).values_list("number", flat=True))
    jobs = JobResult.objects.filter(order__person__in=whole).values("job_id")
    found = []
    for chunk in JobChunk.objects.filter(job__in=jobs).select_related("key").iterator(chunk_size=50):
        lines = [line for line, cells in chunk.rows() if cells and str(cells.get(NUMBER, "")).strip().upper() in numbers]
        if lines:
            found.append((chunk.pk, lines))
    return found


def empty(op: Operation, erased: Erased, found: Sequence[Any]) -> int:
    """Leave of these rows nothing but the order's number."""
    del op, erased
    count = 0
    for pk, lines in found:
        chunk = JobChunk.objects.select_related("key").get(pk=pk)
        rows = [(line, {NUMBER: cells.get(NUMBER, "")} if line in lines else cells) for line, cells in chunk.rows()]
        sealed = vault.seal(chunk.key, JobChunk.name_of(chunk.job_id, chunk.number), {"rows": rows})
        JobChunk.objects.filter(pk=pk).update(sealed=sealed)
        count += len(lines)
    return count
