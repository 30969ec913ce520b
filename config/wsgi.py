"""The web process's door."""

from __future__ import annotations

import os

from django.core.wsgi import get_wsgi_application

from config.observability import say_operations

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

application = get_wsgi_application()
say_operations()
