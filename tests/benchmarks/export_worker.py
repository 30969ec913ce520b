"""The worker of `make export-proof`: writes what is due into a folder, and says its peak memory in KB."""

from __future__ import annotations

import os
import sys
from pathlib import Path

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")

import django

django.setup()

from django.conf import settings

from timeline.exports import running

settings.EXPORTS_WORK = f"{sys.argv[1]}/work"
settings.STORAGES["exports"] = {"BACKEND": "django.core.files.storage.FileSystemStorage", "OPTIONS": {"location": f"{sys.argv[1]}/files"}}
running.run_due()
# Not `ru_maxrss`: a child begins with its parent's.
print(next(line.split()[1] for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM")))
