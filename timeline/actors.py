"""Who acts, and through what."""

from __future__ import annotations

from dataclasses import dataclass

CUSTOMER, GUEST, STAFF, SYSTEM, API_CLIENT, CHANNEL = "customer", "guest", "staff", "system", "api_client", "channel"
TYPES = (CUSTOMER, GUEST, STAFF, SYSTEM, API_CLIENT, CHANNEL)


@dataclass(frozen=True, slots=True)
class Actor:
    """The one who acts, with the channel, session and request it came by.

    `name` is kept for services, staff and API clients only: a customer's name is resolved when it is read (Z10). `client` is
    the id of the API client, an app, whose token a shopper carries.
    """

    type: str
    id: str
    name: str = ""
    channel: str = "api"
    session_id: str = ""
    request_id: str = ""
    client: str = ""

    def __post_init__(self) -> None:
        if self.type not in TYPES:
            message = f"unknown actor type {self.type!r}"
            raise ValueError(message)
        if not self.id:
            message = "an actor has an id"
            raise ValueError(message)
        if self.name and self.type in {CUSTOMER, GUEST}:
            message = "a customer's name is never stored with what they did"
            raise ValueError(message)


def system(service: str) -> Actor:
    """A service of our own: `checkout`, `payments`, `shipping`, `relay` … (A12)."""
    return Actor(type=SYSTEM, id=service, name=service, channel="system")
