"""Pictures of returns and labels as a browser gets them: it can look at them, and nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.http import HttpResponse

from orders.operations import returns
from timeline.errors import Missing
from timeline.vault import PersonErased

if TYPE_CHECKING:
    from orders.models import ReturnPhoto
    from shipping.models import Label


def picture_response(photo: ReturnPhoto) -> HttpResponse:
    """The picture with headers that let nothing in it run or be kept. Raises Missing once the customer is erased."""
    data = returns.picture(photo)
    if not data:
        raise Missing
    ending = photo.media.rpartition("/")[2]
    return HttpResponse(
        data,
        content_type=photo.media,
        headers={
            "Content-Disposition": f'inline; filename="return-photo-{photo.place}.{ending}"',
            "Content-Security-Policy": "default-src 'none'; sandbox",
            "X-Content-Type-Options": "nosniff",
            "Cache-Control": "private, no-store",
            "Cross-Origin-Resource-Policy": "same-origin",
        },
    )


def label_response(label: Label, *, name: str = "return-label") -> HttpResponse:
    """The label, to be printed. Raises PersonErased."""
    pdf = label.file()
    if not pdf:
        raise PersonErased
    return HttpResponse(
        pdf, content_type="application/pdf",
        headers={"Content-Disposition": f'inline; filename="{name}.pdf"', "Cache-Control": "private, no-store"},
    )
