#!/usr/bin/env python
"""Django's command line for Bahi."""

from __future__ import annotations

import os
import sys

from django.core.management import execute_from_command_line

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    if sys.argv[1:2] == ["up"]:  # the settings are read before the command runs, so its secrets are made here
        from config import env
        from config.local import keys

        keys.ensure_env_file(env.file())
    execute_from_command_line(sys.argv)
