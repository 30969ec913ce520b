"""What both faces do with requests about a person's data."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from django.http import StreamingHttpResponse
from django.utils import timezone

from orders.api.privacy_rows import ArchiveQuery, data_request_row
from orders.api.views import OrderWrite, shown
from orders.operations import privacy
from orders.privacy import archives
from timeline.api.paging import paged
from timeline.operations import operation
from timeline.retries import retried

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from uuid import UUID

    from django.db.models import QuerySet
    from django.http import HttpResponse
    from rest_framework.request import Request

    from orders.models import DataRequest
    from timeline.operations import Operation

NEWEST_FIRST = ("-asked_at", "-id")


class DataRequestWrite(OrderWrite):
    """Reads and writes of requests; whose they may be is the face's to say."""

    as_staff: ClassVar[bool]

    def listed(self, found: QuerySet[DataRequest], wish: Mapping[str, Any]) -> HttpResponse:
        """A page of them, the newest first."""
        for column in ("kind", "status"):
            if wish[column]:
                found = found.filter(**{f"{column}__in": wish[column]})
        page = paged(found, order=NEWEST_FIRST, page=wish["page"], limit=wish["limit"], cursor=wish["cursor"])
        return shown(page.envelope([self.row(request) for request in page.rows]))

    def act(self, name: str, person_id: UUID, deed: Callable[[Operation], DataRequest], *, status: int = 200) -> HttpResponse:
        """Do it within the person's story."""
        return self.write(name, person_id, deed, status=status, row=lambda _, done: self.row(done))

    def archive(self, request: Request, found: DataRequest) -> StreamingHttpResponse:
        """Send the archive, and record that it was fetched. Raises Missing for a link that is not its own or is over."""
        archives.require_token(found, ArchiveQuery.parse(request.query_params)["token"], now=timezone.now())
        self._fetched(found)
        headers = {
            "Content-Disposition": f'attachment; filename="data-{found.pk}.zip"', "Cache-Control": "private, no-store",
            "X-Content-Type-Options": "nosniff",
        }
        return StreamingHttpResponse(archives.read(found), content_type="application/zip", headers=headers)

    @retried
    def _fetched(self, found: DataRequest) -> None:
        with operation("privacy.fetch", actor=self.actor(), stream=str(found.person_id)) as op:
            privacy.fetch(op, request_id=found.pk)

    def row(self, request: DataRequest) -> dict[str, Any]:
        """As this face sees it."""
        return data_request_row(request, now=timezone.now(), as_staff=self.as_staff)
