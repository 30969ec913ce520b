"""Structured logs, and what the probes answer."""

from __future__ import annotations

import logging
import logging.config
from typing import TYPE_CHECKING, Any

import structlog
from django.conf import settings

from timeline.redaction import redacted
from timeline.watching import OPERATIONS

if TYPE_CHECKING:
    from structlog.typing import EventDict

_PERSONAL = ("email", "phone", "address", "name", "authorization", "cookie", "password", "token", "secret")


def configure_logging(config: dict[str, Any]) -> None:
    """One line of JSON an event on standard error; what is personal never reaches it (F72)."""
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        redact,
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )
    logging.config.dictConfig(
        {
            "version": 1,
            "disable_existing_loggers": False,
            "formatters": {
                "json": {
                    "()": structlog.stdlib.ProcessorFormatter,
                    "processors": [
                        structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                        structlog.processors.format_exc_info,
                        redact_texts,
                        structlog.processors.JSONRenderer(),
                    ],
                    "foreign_pre_chain": shared,
                }
            },
            "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "json"}},
            "root": {"handlers": ["stderr"], "level": settings.LOG_LEVEL},
            "loggers": {
                "django.request": {"level": "ERROR"}, "django.server": {"level": "WARNING"}, OPERATIONS: {"level": "WARNING"},
            },
            **config,
        }
    )


def say_operations() -> None:
    """From now on each operation is a line (B91), if LOG_LEVEL lets it: in what serves, not at the desk of who runs a command."""
    logging.getLogger(OPERATIONS).setLevel(logging.NOTSET)


def redact(_: Any, __: str, line: EventDict) -> EventDict:
    """Blank the values of personal keys."""
    for key in line:
        if any(word in key.lower() for word in _PERSONAL) and key not in {"event", "logger"}:
            line[key] = "[redacted]"
    return line


def redact_texts(_: Any, __: str, line: EventDict) -> EventDict:
    """Blank e-mail addresses and phone numbers in whatever is said, tracebacks of others' errors included."""
    return {key: redacted(value) if isinstance(value, str) and key != "timestamp" else value for key, value in line.items()}
