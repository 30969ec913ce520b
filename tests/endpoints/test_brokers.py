"""C11: brokers as targets through one protocol, each against something that speaks its own."""

from __future__ import annotations

import hashlib
import hmac
import json
import re
import socket
import uuid
from typing import TYPE_CHECKING, Any

import kombu
import pytest

from tests.endpoints.brokers import NatsStub
from tests.endpoints.receiver import Receiver
from timeline.endpoints import brokers, guard
from timeline.endpoints.brokers import BrokerFailed, kafka, nats, rabbitmq, sqs

if TYPE_CHECKING:
    from collections.abc import Iterator

AWS = {"accessKeyId": "AKID", "secretAccessKey": "s3cret", "region": "ap-south-1"}


@pytest.fixture(autouse=True)
def private(settings: Any) -> None:
    settings.ENDPOINTS_PRIVATE = True


def test_nats_is_confirmed_by_its_stream() -> None:
    with NatsStub(stream={"stream": "ORDERS", "seq": 7}) as stub:
        said = nats.connect(stub.url, {"token": "t-1"}).publish("bahi.orders", "story-1", b'{"a":1}', "msg_1")
        assert said == "kept by ORDERS as 7"
        ((subject, head, body),) = stub.got
        assert (subject, body) == ("bahi.orders", b'{"a":1}')
        assert "Nats-Msg-Id: msg_1\r\n" in head
        assert stub.hello["auth_token"] == "t-1"


def test_nats_without_a_stream_is_taken_by_the_server() -> None:
    with NatsStub() as stub:
        assert "no stream" in nats.connect(stub.url, {}).publish("bahi.orders", "k", b"{}", "m")


@pytest.mark.parametrize("names", [None, {"total": 0, "streams": None}], ids=["no JetStream", "no stream of it"])
def test_nats_that_only_subscribers_hear_is_confirmed_by_the_server_once(names: dict[str, Any] | None) -> None:
    with NatsStub(heard=True, names=names) as stub:
        assert "no stream" in nats.connect(stub.url, {}).publish("bahi.orders", "k", b"{}", "m")
        assert len(stub.got) == 1


@pytest.mark.parametrize("may_ask", [True, False])
def test_nats_waits_for_a_stream_that_is_slower_than_the_server(may_ask: bool) -> None:
    kept = {"total": 1, "streams": ["ORDERS"]}
    with NatsStub(stream={"stream": "ORDERS", "seq": 8}, is_slow=True, names=kept, may_ask=may_ask) as stub:
        assert nats.connect(stub.url, {}).publish("bahi.orders", "k", b"{}", "m") == "kept by ORDERS as 8"


def test_nats_does_not_take_the_server_for_a_stream_that_keeps_silent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(nats, "TIMEOUT_S", 0.2)
    with NatsStub(heard=True, names={"total": 1, "streams": ["ORDERS"]}) as stub, pytest.raises(OSError):
        nats.connect(stub.url, {}).publish("bahi.orders", "k", b"{}", "m")


@pytest.mark.parametrize("stub", [NatsStub(error="Authorization Violation"), NatsStub(stream={"error": {"code": 503}})], ids=["server", "stream"])
def test_nats_refusals_are_failures(stub: NatsStub) -> None:
    with stub, pytest.raises(BrokerFailed):
        nats.connect(stub.url, {}).publish("bahi.orders", "k", b"{}", "m")


@pytest.mark.parametrize("topic", ["", "a b", "a\r\nPUB x", "orders.>"])
def test_nats_takes_no_subject_that_is_none(topic: str) -> None:
    with NatsStub() as stub, pytest.raises(BrokerFailed):
        nats.connect(stub.url, {}).publish(topic, "k", b"{}", "m")


def test_sqs_is_one_signed_request() -> None:
    """The signature is made anew here from what arrived, by the four steps of the specification."""
    with Receiver(body=b'{"MessageId":"1"}') as queue:
        url = f"http://127.0.0.1:{queue.port}/4711/orders.fifo"
        sqs.connect(url, AWS).publish("orders.submitted", "story-1", b'{"a":1}', "msg_1")
        headers, body = queue.got[0]
    wish = json.loads(body)
    assert (wish["QueueUrl"], wish["MessageBody"], wish["MessageGroupId"], wish["MessageDeduplicationId"]) == (url, '{"a":1}', "story-1", "msg_1")
    sent = {name.lower(): value for name, value in headers.items()}
    found = re.fullmatch(r"AWS4-HMAC-SHA256 Credential=AKID/(\d{8})/ap-south-1/sqs/aws4_request, SignedHeaders=(\S+), Signature=(\w{64})", sent["authorization"])
    assert found is not None
    day, names, signature = found.groups()
    canonical = "POST\n/\n\n" + "".join(f"{name}:{sent[name]}\n" for name in names.split(";")) + f"\n{names}\n" + hashlib.sha256(body).hexdigest()
    text = f"AWS4-HMAC-SHA256\n{sent['x-amz-date']}\n{day}/ap-south-1/sqs/aws4_request\n{hashlib.sha256(canonical.encode()).hexdigest()}"
    key = b"AWS4s3cret"
    for part in (day, "ap-south-1", "sqs", "aws4_request"):
        key = hmac.new(key, part.encode(), hashlib.sha256).digest()
    assert hmac.new(key, text.encode(), hashlib.sha256).hexdigest() == signature


def test_sqs_says_why_not() -> None:
    with Receiver(status=400, body=b'{"__type":"QueueDoesNotExist"}') as queue, pytest.raises(BrokerFailed, match="QueueDoesNotExist"):
        sqs.connect(f"http://127.0.0.1:{queue.port}/1/x", AWS).publish("t", "k", b"{}", "m")


@pytest.fixture
def queue() -> Iterator[Any]:
    """A queue of our own in the RabbitMQ of this machine; skips where there is none."""
    link = kombu.Connection("amqp://guest:guest@127.0.0.1:5672//", connect_timeout=5)
    try:
        link.connect()
    except OSError:
        pytest.skip("needs RabbitMQ on this machine")
    found = link.SimpleQueue(f"bahi-test-{uuid.uuid4().hex[:8]}", queue_opts={"durable": False, "auto_delete": True}, serializer="raw")
    yield found
    found.close()
    link.release()


def test_rabbitmq_confirms_and_refuses_what_no_queue_takes(queue: Any) -> None:
    broker = rabbitmq.connect("amqp://127.0.0.1:5672", {})
    assert broker.publish(queue.queue.name, "story-1", b'{"a":1}', "msg_1") == "confirmed"
    message = queue.get(timeout=60)
    message.ack()
    assert (message.properties["message_id"], bytes(message.body)) == ("msg_1", b'{"a":1}')
    with pytest.raises(BrokerFailed):
        broker.publish("no-such-queue-of-ours", "k", b"{}", "m")


def test_kafka_is_confirmed_with_its_offset(monkeypatch: pytest.MonkeyPatch) -> None:
    """Against the cluster that librdkafka brings for tests."""
    pytest.importorskip("confluent_kafka")
    cluster = {"test.mock.num.brokers": 1}
    real = kafka.Kafka._settings
    monkeypatch.setattr(kafka.Kafka, "_settings", lambda self: {**real(self), **cluster})
    said = kafka.connect("kafka://127.0.0.1:9092", {}).publish("orders", "story-1", b'{"a":1}', "msg_1")
    assert re.fullmatch(r"partition \d+, offset 0", said)


@pytest.mark.parametrize(
    ("way", "url"),
    [
        ("nats", "nats://10.0.0.9:4222"), ("kafka", "kafka://127.0.0.1:9092"), ("rabbitmq", "amqp://guest:guest@broker:5672"),
        ("nats", "https://broker:4222"), ("nats", "nats://broker:4223"), ("nats", "nats://"), ("kafka", "kafka://broker:9092?x=1"),
    ],
)
def test_a_broker_the_operator_did_not_name_is_not_spoken_to(settings: Any, way: str, url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.ENDPOINTS_PRIVATE, settings.BROKER_HOSTS = False, ["broker:4222", "broker:9092", "broker:5672"]
    monkeypatch.setattr(socket, "create_connection", lambda *_, **__: pytest.fail("a connection was made"))
    with pytest.raises(guard.NotAllowed):
        brokers.address_of(way, url)
    assert brokers.address_of("nats", "nats://broker:4222").name == "broker:4222"
