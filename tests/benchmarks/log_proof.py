"""`make log-proof`: a log of a million events: sealed and verified per second, and the proof of one order in bytes and milliseconds."""

from __future__ import annotations

import os
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
os.environ.setdefault("DATABASE_URL", "postgres://root@127.0.0.1:5432/bahi_log_proof")
os.environ.setdefault("LOG_EVENTS", "1000000")

import django

django.setup()

from django.test.utils import setup_test_environment

from tests.benchmarks import book
from tests.benchmarks.bench import database

if __name__ == "__main__":
    setup_test_environment()
    with database():
        book.measure()
