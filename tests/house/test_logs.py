"""F72: what is personal never reaches the log, in a process that is set up as the real ones are."""

from __future__ import annotations

import json
import os
import subprocess
import sys

from config import env

SCRIPT = """
import django
django.setup()
import structlog
structlog.get_logger("bahi.test").warning("canary", email="priya@example.in", phone="+919876543210", order="ORD-1")
"""


def test_f72_the_log_is_json_without_people() -> None:
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT], cwd=env.ROOT, capture_output=True, text=True, check=True,
        env={**os.environ, "DJANGO_SETTINGS_MODULE": "tests.settings", "LOG_LEVEL": "INFO"},
    )
    (line,) = [row for row in (done.stderr + done.stdout).splitlines() if "canary" in row]
    assert json.loads(line)["order"] == "ORD-1"
    assert "priya" not in line
    assert "98765" not in line
