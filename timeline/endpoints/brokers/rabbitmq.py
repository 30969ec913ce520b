"""RabbitMQ by kombu, which Celery brings: persistent messages, confirmed by the broker, refused when no queue takes them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import amqp
import kombu
from kombu.exceptions import KombuError

from timeline.endpoints.brokers import TIMEOUT_S, Address, BrokerFailed, address_of

if TYPE_CHECKING:
    from collections.abc import Mapping

PERSISTENT = 2


class RabbitMQ:
    """One RabbitMQ virtual host."""

    def __init__(self, address: Address, credentials: Mapping[str, str]) -> None:
        self._address = address
        self._credentials = credentials

    def publish(self, topic: str, key: str, payload: bytes, id: str) -> str:  # noqa: A002 the protocol's own word
        """Publish to `exchange/routing key`, or to the queue of that name."""
        exchange, _, routing = topic.rpartition("/")
        link = kombu.Connection(
            hostname=self._address.host, port=self._address.port, transport="pyamqp", virtual_host=self._address.path or "/",
            userid=self._credentials.get("username", "guest"), password=self._credentials.get("password", "guest"),
            connect_timeout=TIMEOUT_S, transport_options={"confirm_publish": True, "read_timeout": TIMEOUT_S, "write_timeout": TIMEOUT_S},
        )
        try:
            with link, link.channel() as opened:
                channel: Any = opened  # of py-amqp, whose own method raises for a message that no queue takes
                channel.basic_publish_confirm(
                    amqp.Message(payload, content_type="application/json", message_id=id, delivery_mode=PERSISTENT, application_headers={"bahi-key": key}),
                    exchange=exchange, routing_key=routing, mandatory=True, timeout=TIMEOUT_S, confirm_timeout=TIMEOUT_S,
                )
        except (amqp.exceptions.AMQPError, KombuError) as error:
            raise BrokerFailed(f"{type(error).__name__}: {error}") from error
        return "confirmed"


def connect(url: str, credentials: Mapping[str, str]) -> RabbitMQ:
    """The virtual host of `amqp://host:5672/vhost`. Raises NotAllowed."""
    return RabbitMQ(address_of("rabbitmq", url), credentials)
