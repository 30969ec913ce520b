"""The project's own settings, in processes that may die at the moments that matter."""

from __future__ import annotations

from config.settings import *
from config.settings import INSTALLED_APPS, MIDDLEWARE

INSTALLED_APPS = [*INSTALLED_APPS, "tests.crashes.apps.Crashes"]
MIDDLEWARE = ["tests.crashes.dying.DieBeforeReply", *MIDDLEWARE]
