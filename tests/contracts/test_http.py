"""The session: silent inside a transaction, never waiting or reading without end, never led elsewhere."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Callable, Iterator

import pytest
import requests
from django.db import connections

from payments.gateways.base import GatewayBusy, GatewayError, GatewayRefused, InDoubt
from payments.gateways.razorpay import RazorpayGateway
from timeline import network as http

Answer = Callable[[bytes], str]


@pytest.fixture
def answering() -> Iterator[Answer]:
    """A server that answers every request with the same bytes."""
    listeners: list[socket.socket] = []

    def start(answer: bytes) -> str:
        listener = socket.create_server(("127.0.0.1", 0))
        listeners.append(listener)

        def serve() -> None:
            while True:
                try:
                    connection, _ = listener.accept()
                except OSError:
                    return
                with connection:
                    connection.settimeout(1)
                    # All of the request is read before closing: closing earlier resets what the client still reads.
                    with contextlib.suppress(OSError):
                        connection.recv(65536)
                        connection.sendall(answer)
                        connection.shutdown(socket.SHUT_WR)
                        while connection.recv(65536):
                            pass

        threading.Thread(target=serve, daemon=True).start()
        return f"http://127.0.0.1:{listener.getsockname()[1]}"

    yield start
    for listener in listeners:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()


def answer(status: str, body: bytes, *headers: str) -> bytes:
    head = "\r\n".join([f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", "Connection: close", *headers])
    return head.encode() + b"\r\n\r\n" + body


class _Block:
    def __init__(self, *, from_testcase: bool) -> None:
        self._from_testcase = from_testcase


@pytest.mark.parametrize(("from_testcase", "refused"), [(False, True), (True, False)])
def test_no_network_inside_a_transaction(
    answering: Answer, monkeypatch: pytest.MonkeyPatch, from_testcase: bool, refused: bool
) -> None:
    """Contract 4 at run time; the transaction a test case wraps around a test is nobody's lock."""
    url = answering(answer("200 OK", b"{}"))
    monkeypatch.setattr(connections["default"], "in_atomic_block", True)
    monkeypatch.setattr(connections["default"], "atomic_blocks", [_Block(from_testcase=from_testcase)])
    with http.session_factory() as session:
        if refused:
            with pytest.raises(http.NetworkInsideTransaction):
                session.get(url)
        else:
            assert session.get(url).json() == {}


def test_a_redirect_is_not_followed(answering: Answer) -> None:
    elsewhere = answering(answer("200 OK", b"{}"))
    url = answering(answer("302 Found", b"", f"Location: {elsewhere}"))
    with http.session_factory() as session:
        assert session.get(url, allow_redirects=True).status_code == 302


def test_an_endless_reply_is_not_read_to_its_end(answering: Answer) -> None:
    url = answering(answer("200 OK", b" " * (http.REPLY_BYTES_MAX + 1)))
    with http.session_factory() as session, pytest.raises(http.ReplyTooLarge):
        session.get(url)


def test_the_environment_is_not_asked_for_a_proxy(answering: Answer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    url = answering(answer("200 OK", b"{}"))
    with http.session_factory() as session:
        assert session.get(url).status_code == 200


def test_silence_ends_in_time() -> None:
    with (
        socket.create_server(("127.0.0.1", 0)) as listener,
        http.session_factory((1.0, 0.1)) as session,
        pytest.raises(requests.exceptions.ReadTimeout),
    ):
        session.get(f"http://127.0.0.1:{listener.getsockname()[1]}")


ENVELOPE = b'{"error":{"code":"%s","description":"No."}}'
OUTCOMES = [
    (answer("200 OK", b"<html>"), InDoubt, "not_json"),
    (answer("200 OK", b"[]"), InDoubt, "not_json"),
    (answer("200 OK", b"[" * 100_000), InDoubt, "not_json"),
    (answer("200 OK", b" " * (http.REPLY_BYTES_MAX + 1)), InDoubt, "too_large"),
    (answer("204 No Content", b""), InDoubt, "not_json"),
    (answer("302 Found", b"", "Location: /"), InDoubt, "http_error"),
    (answer("403 Forbidden", b"<html>"), InDoubt, "http_error"),
    (answer("408 Request Timeout", ENVELOPE % b"BAD_REQUEST_ERROR"), InDoubt, "http_error"),
    (answer("400 Bad Request", ENVELOPE % b"GATEWAY_ERROR"), InDoubt, "http_error"),
    (answer("400 Bad Request", ENVELOPE % b"BAD_REQUEST_ERROR"), GatewayRefused, "No."),
    (answer("429 Too Many Requests", b"<html>", "Retry-After: 7"), GatewayBusy, 7),
    (answer("429 Too Many Requests", b"", "Retry-After: Sat, 21 Nov"), GatewayBusy, None),
    (b"HTTP/1.1 200 OK\r\n", InDoubt, "not_json"),
    (b"nonsense\r\n\r\n", InDoubt, "cut"),
]


@pytest.mark.parametrize(("reply", "kind", "mark"), OUTCOMES)
def test_f26_every_answer_has_its_typed_outcome(
    answering: Answer, reply: bytes, kind: type[GatewayError], mark: object
) -> None:
    gateway = RazorpayGateway("key", "secret", answering(reply))
    with pytest.raises(GatewayError) as outcome:
        gateway.create_order(amount_minor=500, currency="INR", receipt="r", notes={})

    found = outcome.value
    assert type(found) is kind
    told = {InDoubt: "reason", GatewayRefused: "description", GatewayBusy: "retry_after_s"}[kind]
    assert getattr(found, told) == mark
