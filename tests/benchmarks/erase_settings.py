"""The settings of the tests, with files on a disk: exports, checkpoints, erasures."""

from __future__ import annotations

import os
from pathlib import Path

from tests.settings import *
from tests.settings import INSTALLED_APPS

INSTALLED_APPS = [name for name in INSTALLED_APPS if name != "tests.door"]  # its table is made by tests alone
_FOLDER = os.environ["ERASE_FOLDER"]
SEAL_FILE, ERASURES_FILE = f"{_FOLDER}/records/checkpoints", f"{_FOLDER}/records/erasures"
EXPORTS_WORK = Path(_FOLDER) / "exports" / "work"
ENDPOINTS_PRIVATE = True
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
    "exports": {"BACKEND": "django.core.files.storage.FileSystemStorage", "OPTIONS": {"location": f"{_FOLDER}/exports/files"}},
}
