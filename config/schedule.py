"""Everything that happens by the clock, in one table: Celery's beat and the local runner both read it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Tick:
    """A task by its dotted name, every so many seconds, in a queue.

    One that is `long`, for it talks to others or reads more the more orders there are, runs beside the others in the local runner.
    """

    task: str
    every_s: float
    queue: str = "default"
    long: bool = False


SCHEDULE: tuple[Tick, ...] = (
    Tick("timeline.tasks.relay_due", 0.5, "relay"),
    Tick("timeline.tasks.seal_log", 2),
    Tick("timeline.tasks.ask_witnesses", 10, "hooks", long=True),
    Tick("timeline.tasks.send_webhooks", 2, "hooks", long=True),
    Tick("payments.tasks.resolve_doubts", 15, "money"),
    Tick("payments.tasks.sweep_quiet", 60, "money"),
    Tick("payments.tasks.sweep_disputes", 3600, "money"),
    Tick("payments.tasks.read_settlements", 3600, "money", long=True),
    Tick("inventory.tasks.expire_holds", 15),
    Tick("inventory.tasks.fill_backorders", 5),
    Tick("inventory.tasks.watch_levels", 15),
    Tick("shipping.tasks.track_quiet", 300),
    Tick("orders.tasks.cancel_overdue", 30),
    Tick("orders.tasks.release_fulfilments", 20),
    Tick("orders.tasks.expire_checkouts", 600),
    Tick("orders.tasks.tell_abandoned", 15),
    Tick("orders.tasks.expire_returns", 3600),
    Tick("orders.tasks.reconcile_hourly", 3600, "money", long=True),
    Tick("orders.tasks.reconcile_nightly", 900, "money", long=True),
    Tick("orders.tasks.reconcile_due", 3, "money", long=True),
    Tick("orders.tasks.watch_alerts", 30),
    Tick("orders.tasks.run_jobs", 1),
    Tick("orders.tasks.watch_views", 15),
    Tick("orders.tasks.poll_channels", 15, long=True),
    Tick("orders.tasks.try_waiting_imports", 60),
    Tick("timeline.tasks.run_exports", 2, "slow", long=True),
    Tick("timeline.tasks.sweep_exports", 20),
    Tick("orders.tasks.serve_privacy", 5),
    Tick("orders.tasks.keep_erased", 3600, long=True),
    Tick("orders.tasks.apply_retention", 21_600, long=True),
    Tick("orders.tasks.forget_risk_traces", 600),
    Tick("timeline.tasks.forget_old", 3600),
)
