"""`python -m tests.benchmarks.bulk_worker LEASE_S`: a worker of its own process, until no job is open."""

from __future__ import annotations

import sys
import time

import django


def main() -> None:
    """Run slices as the task does; a dead worker's lease is waited for."""
    django.setup()
    from orders.bulk import running
    from orders.models import Job

    running.LEASE_S = int(sys.argv[1])
    while Job.objects.filter(status__in=Job.OPEN).exists():
        if not running.run_due():
            time.sleep(0.1)


if __name__ == "__main__":
    main()
