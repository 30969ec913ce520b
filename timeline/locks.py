"""Rows of the kernel's own plumbing, fetched under their lock."""

from __future__ import annotations

from typing import TYPE_CHECKING

from timeline.errors import Missing
from timeline.models import Endpoint, Export, ExportSchedule

if TYPE_CHECKING:
    from uuid import UUID


def endpoint(endpoint_id: UUID) -> Endpoint:
    """The endpoint. Raises Missing."""
    found = Endpoint.objects.select_for_update(no_key=True).filter(pk=endpoint_id).first()
    if found is None:
        raise Missing
    return found


def export(export_id: UUID) -> Export:
    """The export. Raises Missing."""
    found = Export.objects.select_for_update(no_key=True).filter(pk=export_id).first()
    if found is None:
        raise Missing
    return found


def export_schedule(schedule_id: UUID) -> ExportSchedule:
    """The schedule. Raises Missing."""
    found = ExportSchedule.objects.select_for_update(no_key=True).filter(pk=schedule_id).first()
    if found is None:
        raise Missing
    return found
