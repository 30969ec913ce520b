"""A broker that was killed and came back stops no worker (F38, F53)."""

from __future__ import annotations

import contextlib
import socket
import threading
from typing import Any

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry


def test_a_worker_waits_for_no_silent_connection_for_ever() -> None:
    """What kombu reads after it connected anew, on a connection nobody will say anything on: it must end by the socket's limit.

    From redis-py 8 on this read has no limit, and a worker whose broker was killed at the wrong moment never works again.
    """
    server = socket.create_server(("127.0.0.1", 0))
    talker = threading.Thread(target=_answer_greetings_alone, args=(server,), daemon=True)
    talker.start()
    client: Any = redis.Redis(port=server.getsockname()[1], socket_timeout=0.2, retry=Retry(NoBackoff(), 0), protocol=2)
    listening = client.pubsub()
    listening.execute_command("SUBSCRIBE", "x")
    outcome: list[BaseException] = []

    def read() -> None:
        try:
            listening.parse_response()
        except redis.RedisError as error:
            outcome.append(error)

    reader = threading.Thread(target=read, daemon=True)
    reader.start()
    reader.join(timeout=60)
    listening.close()
    client.close()
    talker.join(timeout=60)
    server.close()
    assert [type(error) for error in outcome] == [redis.TimeoutError], "the read never ends"


def _answer_greetings_alone(server: socket.socket) -> None:
    with contextlib.suppress(OSError):
        link, _ = server.accept()
        with link:
            while said := link.recv(4096):
                link.sendall(b"+OK\r\n" * said.count(b"SETINFO"))
