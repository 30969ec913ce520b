"""Files of exports in a bucket instead of on disk: a good link leads on to an address of the bucket's own, for a minute."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.core.files.storage import storages

from tests import makers
from tests.exports.test_events import _work, content, fetch, made  # noqa: F401 the fixture is used by being here
from timeline.exports import running, storage
from timeline.exports.export import Export
from timeline.models import ApiClient

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.django_db


@pytest.fixture
def kept(settings: Any) -> Iterator[Any]:
    """The storages as a test sets them, and as they were."""

    def use(backend: str, **options: Any) -> None:
        settings.STORAGES = {**settings.STORAGES, "exports": {"BACKEND": backend, "OPTIONS": options}}
        storages._storages.clear()  # type: ignore[attr-defined]
        vars(storages).pop("backends", None)

    yield use
    storages._storages.clear()  # type: ignore[attr-defined]
    vars(storages).pop("backends", None)


def test_on_disk_a_file_is_for_its_owner_alone_and_nothing_is_left_beside_it(kept: Any, tmp_path: Path) -> None:
    kept("django.core.files.storage.FileSystemStorage", location=str(tmp_path / "files"), file_permissions_mode=0o600)
    done = made(makers.staff(), filters={})
    file = tmp_path / "files" / Export.objects.get().file
    assert (file.stat().st_mode & 0o777, file.read_bytes()) == (0o600, content(done["downloadUrl"]))
    assert list((tmp_path / "work").iterdir()) == []
    (tmp_path / "work" / "left").write_text("of a dead worker")
    storage.sweep()
    assert (tmp_path / "work" / "left").exists()
    file.unlink()
    assert fetch(done["downloadUrl"]).status_code == 410


def test_in_a_bucket_a_good_link_leads_on_and_a_bad_one_does_not(kept: Any, settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("storages")
    done = made(makers.staff(), filters={})
    settings.EXPORTS_BUCKET = "accounts"
    kept(
        "storages.backends.s3.S3Storage", bucket_name="accounts", location="exports", endpoint_url="https://s3.example", region_name="ap-south-1",
        access_key="key", secret_key="secret", default_acl=None, file_overwrite=False,
    )
    answer = fetch(done["downloadUrl"])
    parts = urlsplit(answer.headers["Location"])
    words = parse_qs(parts.query)
    assert (answer.status_code, parts.netloc, parts.path) == (302, "s3.example", f"/accounts/exports/{Export.objects.get().file}")
    assert done["id"].replace("-", "")[-8:] in words["response-content-disposition"][0]
    ApiClient.objects.update(is_active=False)
    assert fetch(done["downloadUrl"]).status_code == 403


def test_a_file_that_cannot_be_stored_under_its_own_name_is_not_kept(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    storages["exports"].delete("taken.csv")
    part = tmp_path / "part"
    part.write_bytes(b"rows")
    storage.keep(part, "taken.csv")
    with pytest.raises(FileExistsError):
        storage.keep(part, "taken.csv")
    assert running.lease() is None
