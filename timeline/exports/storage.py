"""Where files are kept: Django's storage protocol, on disk or in S3, as `STORAGES["exports"]` says.

A file is written in a folder of this machine first and stored whole, so that nobody ever sees half of one.
"""

from __future__ import annotations

import contextlib
from datetime import timedelta
from pathlib import Path
from typing import IO, TYPE_CHECKING
from urllib.parse import quote

from django.conf import settings
from django.core.files import File
from django.core.files.storage import storages
from django.utils import timezone

from timeline.exports.export import Export, ExportScrap

if TYPE_CHECKING:
    from uuid import UUID

    from django.core.files.storage import Storage

DIRECT_S = 60
STRAY_AGE = timedelta(hours=1)


def store() -> Storage:
    """The storage."""
    return storages["exports"]


def part_of(export_id: UUID, token: UUID) -> Path:
    """Where this worker writes; what an earlier one left of the same export on this machine goes."""
    folder = Path(settings.EXPORTS_WORK)
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    for left in folder.glob(f"{export_id.hex}-*"):
        left.unlink(missing_ok=True)
    return folder / f"{export_id.hex}-{token.hex}"


def keep(part: Path, name: str) -> None:
    """Store the file under this name, which is new."""
    with part.open("rb") as file:
        kept = store().save(name, File(file, name))
    if kept != name:
        store().delete(kept)
        message = f"{name} was there before"
        raise FileExistsError(message)


def opened(name: str) -> IO[bytes] | None:
    """The stored file, to be read piece by piece; None where it is gone."""
    try:
        file: IO[bytes] = store().open(name, "rb")
    except FileNotFoundError:
        return None
    return file


def direct_url(name: str, file_name: str) -> str | None:
    """An address of the storage's own that lives for a minute, where it has such addresses (S3)."""
    if not settings.EXPORTS_BUCKET:
        return None
    words = {"ResponseContentDisposition": f"attachment; filename*=UTF-8''{quote(file_name)}"}
    return str(store().url(name, parameters=words, expire=DIRECT_S))  # type: ignore[call-arg]


def sweep() -> int:
    """Delete files that belong to nothing any more, and what dead workers left on this machine; returns how many."""
    now, count = timezone.now(), 0
    for scrap in ExportScrap.objects.filter(due_at__lte=now).order_by("due_at")[:100]:
        if not Export.objects.filter(file=scrap.name).exists():
            store().delete(scrap.name)
            count += 1
        ExportScrap.objects.filter(pk=scrap.pk).delete()
    folder = Path(settings.EXPORTS_WORK)
    for part in folder.iterdir() if folder.is_dir() else ():
        with contextlib.suppress(FileNotFoundError):  # its worker ends it at this moment
            if part.stat().st_mtime < (now - STRAY_AGE).timestamp():
                part.unlink()
                count += 1
    return count
