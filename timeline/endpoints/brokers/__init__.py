"""Message brokers as targets: one protocol, one module for each kind, each client imported when it is first used.

A broker stands in a private network, so public addresses are no rule for it. Instead the operator names the brokers
there are (`BROKER_HOSTS`), and a configuration may name no other: nobody who may write configurations can make the
shop knock at a door of its own network.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Protocol
from urllib.parse import unquote, urlsplit

from django.conf import settings

from timeline.endpoints import guard

if TYPE_CHECKING:
    from collections.abc import Mapping

    from timeline.models import Endpoint

TIMEOUT_S = 10.0
TOPIC_CHARS_MAX = 200
SCHEMES = {"kafka": ("kafka", 9092), "nats": ("nats", 4222), "rabbitmq": ("amqp", 5672)}
KINDS = (*SCHEMES, "sqs")


class BrokerFailed(OSError):
    """The broker did not take the message, or did not say so in time."""


class Broker(Protocol):
    """Something that takes messages. It may take one twice; the id says so."""

    def publish(self, topic: str, key: str, payload: bytes, id: str) -> str:  # noqa: A002 the protocol's own word
        """Hand one message over; returns when the broker has confirmed it, with what it said.

        Messages of one `key` keep their order where the broker has orders. Raises BrokerFailed, OSError.
        """


@dataclass(frozen=True, slots=True)
class Address:
    """Where a broker listens."""

    host: str
    port: int
    path: str

    @property
    def name(self) -> str:
        """`host:port`, as `BROKER_HOSTS` lists it."""
        return f"{self.host}:{self.port}"


def address_of(way: str, url: str) -> Address:
    """The broker's address, if it is one of those the operator has named. Raises NotAllowed."""
    scheme, port = SCHEMES[way]
    try:
        parts = urlsplit(url)
        found = Address(parts.hostname or "", parts.port or port, unquote(parts.path.lstrip("/")))
    except ValueError as error:
        raise guard.NotAllowed from error
    plain = url.isascii() and url.isprintable() and not {" ", "\\", "@"} & set(url) and not parts.query and not parts.fragment
    if parts.scheme != scheme or not found.host or not plain or len(url) > guard.URL_CHARS_MAX:
        raise guard.NotAllowed(f"A broker of this kind is written {scheme}://host:{port}.")
    if not settings.ENDPOINTS_PRIVATE and found.name not in settings.BROKER_HOSTS:
        raise guard.NotAllowed("This broker is not among those the shop may use (BROKER_HOSTS).")
    return found


def broker_of(endpoint: Endpoint, credentials: Mapping[str, str]) -> Broker:
    """The broker this configuration names. Raises NotAllowed, and ImportError where its client is not installed."""
    made: Broker = import_module(f"{__name__}.{endpoint.way}").connect(endpoint.url, credentials)
    return made
