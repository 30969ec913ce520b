"""The rows that were refused, as a file: put right, it can be sent again."""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING

from django.db.models import F

from orders.bulk.kinds import KINDS
from orders.models import JobChunk, JobResult
from timeline.exports.cells import safe

if TYPE_CHECKING:
    from collections.abc import Iterator

    from orders.models import Job

WHY = ("line", "code", "problem")


def as_csv(job: Job) -> Iterator[str]:
    """The refused rows with their cells, their line and why; a chunk in memory at a time."""
    columns = KINDS[job.kind].columns.every
    writer = csv.writer(_Echo(), lineterminator="\r\n")
    yield "\ufeff" + writer.writerow([*columns, *WHY])
    refused = JobResult.objects.filter(job=job, outcome=JobResult.Outcome.FAILED).order_by("row")
    chunks = JobChunk.objects.filter(job_id=job.rows_of_id).annotate(end=F("first") + F("size")).order_by("number")
    for number, first, end in list(chunks.values_list("number", "first", "end")):
        here = list(refused.filter(row__gte=first, row__lt=end))
        if not here:
            continue
        rows = JobChunk.objects.select_related("key").get(job_id=job.rows_of_id, number=number).rows()
        for result in here:
            _, cells = rows[result.row - first] if rows else (0, {})
            values = [cells.get(column, "") for column in columns]
            yield writer.writerow([safe(value) for value in (*values, str(result.line), result.code, result.detail)])


class _Echo:
    """A file for `csv.writer` that hands each row on."""

    def write(self, row: str) -> str:
        return row
