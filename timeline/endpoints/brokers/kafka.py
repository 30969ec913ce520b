"""Kafka by librdkafka (the extra `kafka`): an idempotent producer, confirmed by all replicas in sync."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from timeline.endpoints.brokers import TIMEOUT_S, Address, BrokerFailed, address_of

if TYPE_CHECKING:
    from collections.abc import Mapping


class Kafka:
    """One Kafka cluster, met at one of its brokers."""

    def __init__(self, address: Address, credentials: Mapping[str, str]) -> None:
        self._address = address
        self._credentials = credentials

    def publish(self, topic: str, key: str, payload: bytes, id: str) -> str:  # noqa: A002 the protocol's own word
        """Produce to `topic`, to the partition of `key`; the id is the header `id`."""
        from confluent_kafka import KafkaException, Producer  # an extra: only who uses Kafka has it

        said: list[tuple[Any, Any]] = []
        try:
            producer = Producer(self._settings())
            producer.produce(topic, payload, key, headers={"id": id.encode()}, on_delivery=lambda *answer: said.append(answer))
            producer.flush(TIMEOUT_S)
        except (KafkaException, BufferError) as error:
            raise BrokerFailed(str(error)) from error
        if not said:
            producer.purge()
            raise BrokerFailed("No confirmation came in time.")
        fault, message = said[0]
        if fault is not None:
            raise BrokerFailed(str(fault))
        return f"partition {message.partition()}, offset {message.offset()}"

    def _settings(self) -> dict[str, Any]:
        found: dict[str, Any] = {
            "bootstrap.servers": self._address.name, "enable.idempotence": True, "acks": "all",
            "delivery.timeout.ms": int(TIMEOUT_S * 1000) - 1000, "socket.timeout.ms": int(TIMEOUT_S * 1000) - 2000, "client.id": "bahi", "log_level": 0,
        }
        if "username" in self._credentials:
            found |= {
                "security.protocol": "SASL_SSL", "sasl.mechanism": "SCRAM-SHA-256",
                "sasl.username": self._credentials["username"], "sasl.password": self._credentials.get("password", ""),
            }
        return found


def connect(url: str, credentials: Mapping[str, str]) -> Kafka:
    """The cluster of `kafka://host:9092`. Raises NotAllowed."""
    return Kafka(address_of("kafka", url), credentials)
