"""The adapter point for a help desk elsewhere: what it is told of tickets, and one adapter, by signed webhook.

The desk writes back through the API: `POST /admin/tickets/{id}/messages`, `/assign`, `/close`, with a key of its own.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import orjson
from django.conf import settings

from timeline.endpoints import signing
from timeline.network import session_factory

if TYPE_CHECKING:
    from datetime import datetime

    from orders.models import Ticket
    from timeline.models import Event

REFERENCE_CHARS_MAX = 80


@dataclass(frozen=True, slots=True)
class Telling:
    """One step of a ticket. `text` is what was written, empty where nothing was; `is_public`: the customer sees it."""

    kind: str
    ticket_id: str
    order_id: str
    order_number: str
    topic: str
    status: str
    text: str
    by: str
    is_public: bool
    at: datetime


class HelpDesk(Protocol):
    """Keeps tickets elsewhere; `key` is the same on every repeat."""

    def tell(self, telling: Telling, *, key: str) -> str:
        """Tell it, or raise. Returns what the desk calls the ticket; empty when it does not say."""


class NoDesk:
    """Tickets stay here."""

    def tell(self, telling: Telling, *, key: str) -> str:  # noqa: ARG002 there is nobody to tell
        """Nothing to do."""
        return ""


class WebhookDesk:
    """A POST of JSON, signed as Standard Webhooks say; an answer `{"reference": "…"}` is what the desk calls the ticket."""

    def __init__(self, url: str, secret: str) -> None:
        """Where it is and what is signed with."""
        self.url, self.secret = url, secret

    def tell(self, telling: Telling, *, key: str) -> str:
        """Send it; anything but a 2xx raises, and is tried again."""
        body = orjson.dumps({"type": telling.kind, "data": telling}, option=orjson.OPT_UTC_Z)
        headers = signing.headers([self.secret], message_id=key, timestamp=int(time.time()), body=body)
        reply = session_factory().post(self.url, data=body, headers={**headers, "Content-Type": "application/json"})
        if reply.is_redirect:
            raise ConnectionError(f"the help desk answered {reply.status_code}")
        reply.raise_for_status()
        try:
            said = orjson.loads(reply.content)
        except orjson.JSONDecodeError:
            return ""
        return str(said.get("reference") or "")[:REFERENCE_CHARS_MAX] if isinstance(said, dict) else ""


def help_desk() -> HelpDesk:
    """The desk that is configured."""
    return WebhookDesk(settings.HELP_DESK_URL, settings.HELP_DESK_SECRET) if settings.HELP_DESK_URL else NoDesk()


def telling(event: Event, ticket: Ticket) -> Telling:
    """What a desk is told of one event of a ticket."""
    return Telling(
        kind=event.kind, ticket_id=str(ticket.pk), order_id=str(ticket.order_id), order_number=ticket.order.number,
        topic=ticket.topic, status=str(ticket.status), text=str((event.private() or {}).get("text", "")),
        by="customer" if event.actor_type in ("customer", "guest") else "staff", is_public=event.public, at=event.occurred_at,
    )
