"""One action on many orders, chosen by name or by the search language (B58, B89)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from django.utils import timezone
from drf_spectacular.utils import PolymorphicProxySerializer, extend_schema

from orders import searching
from orders.api import job_rows
from orders.api.admin.filters import matching, spoken
from orders.api.bulk_shapes import BulkInput, BulkPreviewShape, preview_row
from orders.api.views import StaffView, shown
from orders.bulk import acting, asking
from orders.models import Job
from orders.searching import OrderSearch
from timeline import ids
from timeline.api.answers import answered
from timeline.api.keys import key_of, refuse_known
from timeline.operations import operation
from timeline.retries import retried

if TYPE_CHECKING:
    from django.http import HttpResponse
    from rest_framework.request import Request

BODY_BYTES_MAX = 1024 * 1024


class BulkView(StaffView):
    """`/admin/orders/bulk`."""

    body_bytes_max: ClassVar[int] = BODY_BYTES_MAX
    idempotent: ClassVar[bool] = True

    @extend_schema(
        operation_id="admin_orders_bulk", request=BulkInput,
        responses={
            200: PolymorphicProxySerializer("BulkPreviewOnly", [BulkPreviewShape], None), 202: job_rows.JobShape,
        },
    )
    @retried
    def post(self, request: Request) -> HttpResponse:
        """Do one thing with up to 5,000 orders as a job, a row each; with `dryRun` say how many can, and why the others cannot.

        A job needs an `Idempotency-Key`. The orders of `q` are those that fit at this moment: what comes later is not swept in.
        """
        wish = BulkInput.parse(request.data)
        act = acting.wish_of(acting.action_of(wish["action"]), wish["params"])
        if wish["dry_run"]:
            return shown(preview_row(acting.preview(act.action, self._chosen(wish))))
        actor = self.actor()
        key = key_of(request, actor, required=True)
        refuse_known(key)
        rows = acting.rows_of(act, self._chosen(wish))
        job_id = ids.uuid7(timezone.now())
        with operation("job.ask", actor=actor, stream=f"job:{job_id}", key=key) as op:
            job = asking.ask_rows(op, job_id=job_id, kind_name=Job.Kind.ACTIONS, rows=rows, name=act.action.word)
            return answered(op, 202, job_rows.job_row(job), {"Location": f"/admin/jobs/{job.pk}"})

    def _chosen(self, wish: dict[str, Any]) -> list[str]:
        """Raises BadRequest for a search that is not understood, NobodyChosen, TooManyChosen."""
        if "ids" in wish:
            return acting.chosen(wish["ids"])
        return acting.chosen(searching.numbers(searching.search(OrderSearch(extra=matching(spoken(self.request, wish["q"])))), limit=acting.ORDERS_MAX + 1))
