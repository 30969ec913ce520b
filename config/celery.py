"""Celery: the hands of the queue that the database is. A message carries no facts; results live in our tables."""

from __future__ import annotations

import os
from pathlib import Path

from celery import Celery
from celery.signals import worker_process_init

from config import env
from config.observability import say_operations
from config.schedule import SCHEDULE

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
env.load(Path(env.text("BAHI_ENV") or env.ROOT / ".env"))

app = Celery("bahi")
app.conf.update(
    broker_url=env.text("REDIS_URL") or "redis://127.0.0.1:6379/0",
    task_serializer="json",
    accept_content=["json"],
    task_ignore_result=True,
    task_acks_late=True,
    task_reject_on_worker_lost=True,
    task_acks_on_failure=True,
    task_acks_on_timeout=True,
    task_soft_time_limit=50,
    task_time_limit=60,
    task_publish_retry=False,
    task_default_queue="default",
    worker_prefetch_multiplier=1,
    worker_max_tasks_per_child=2000,
    worker_max_memory_per_child=300_000,
    worker_soft_shutdown_timeout=25.0,
    worker_enable_soft_shutdown_on_idle=True,
    worker_cancel_long_running_tasks_on_connection_loss=False,  # the lease fences the duplicate
    worker_hijack_root_logger=False,
    broker_pool_limit=10,
    broker_connection_retry_on_startup=True,
    broker_connection_max_retries=None,
    broker_transport_options={
        "visibility_timeout": 180,
        "unacked_restore_interval": 5,
        "unacked_restore_throttle": 1,
        "socket_timeout": 15,
        "socket_connect_timeout": 3,
        "socket_keepalive": True,
        "health_check_interval": 10,
        "retry_on_timeout": True,
        "max_connections": 20,
        "global_keyprefix": "bahi:",
    },
    task_routes={tick.task: {"queue": tick.queue} for tick in SCHEDULE},
    # A tick that was not taken before the next one is due is worth nothing: `expires` keeps a stopped worker's queue short.
    beat_schedule={
        tick.task: {
            "task": tick.task,
            "schedule": tick.every_s,
            "options": {"queue": tick.queue, "expires": max(tick.every_s * 2, 5)},
        }
        for tick in SCHEDULE
    },
)
app.autodiscover_tasks()


@worker_process_init.connect
def _say_operations(**_: object) -> None:
    say_operations()


