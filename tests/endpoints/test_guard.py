"""F79: hostile addresses make no connection, in whatever form they come."""

from __future__ import annotations

import itertools
import socket
from typing import Any

import pytest

from tests.endpoints.receiver import Receiver
from timeline.endpoints import guard, posting

PRIVATE = [
    "127.0.0.1", "127.1", "127.0.1", "0x7f.1", "0x7f000001", "2130706433", "017700000001", "0177.0.0.1", "127.0.0.1.", "localhost", "LOCALHOST",
    "0.0.0.0", "0", "10.0.0.1", "10.255.255.255", "172.16.0.1", "172.31.255.254", "192.168.0.1", "169.254.169.254", "169.254.0.1",  # noqa: S104 nobody binds to it
    "100.64.0.1", "100.100.100.200", "168.63.129.16", "192.0.0.1", "192.0.2.1", "198.18.0.1", "198.51.100.1", "203.0.113.1", "224.0.0.1",
    "239.255.255.255", "240.0.0.1", "255.255.255.255", "192.88.99.1",
    "[::1]", "[::]", "[::127.0.0.1]", "[::7f00:1]", "[::a00:1]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[::ffff:10.0.0.1]",
    "[::ffff:169.254.169.254]", "[64:ff9b::7f00:1]", "[64:ff9b::a9fe:a9fe]", "[64:ff9b:1::1]", "[2002:7f00:1::]", "[2002:a00:1::]",
    "[2001:0:7f00:1::]", "[fec0::1]", "[fc00::1]", "[fd00:ec2::254]", "[fe80::1]", "[ff02::1]", "[100::1]", "[2001:db8::1]",
]
SCHEMES = ["https://{}/", "https://{}:443/x", "https://{}:8443/", "HTTPS://{}/"]
FORMS = [
    "http://example.com/", "ftp://example.com/", "file:///etc/passwd", "gopher://127.0.0.1:6379/_INFO", "//example.com/", "example.com", "",
    "https://", "https:///x", "https://user@example.com/", "https://user:word@example.com/", "https://example.com@127.0.0.1/",
    "https://example.com:22/", "https://example.com:6379/", "https://example.com:0/", "https://example.com:99999/", "https://example.com:x/",
    "https://example.com\\@127.0.0.1/", "https://exa mple.com/", "https://example.com/\r\nHost: x", "https://example.com/\t", "https://ⓔxample.com/",
    "https://127。0。0。1/", "https://①②⑦.0.0.1/", "https://example.com/#x", "https://%6c%6f%63alhost/", "https://exam\u00adple.com/",
    "javascript:alert(1)", "data:text/plain,x", "https://" + "a" * 600 + ".com/", "https://[::1/", "https://[::1%25lo]/", "https://[fe80::1%25eth0]/",
]
HOSTILE = [scheme.format(host) for scheme, host in itertools.product(SCHEMES, PRIVATE)] + FORMS


def test_there_are_two_hundred_and_more() -> None:
    assert len(set(HOSTILE)) > 200


@pytest.mark.parametrize("url", HOSTILE)
def test_a_hostile_url_leads_nowhere(url: str) -> None:
    with pytest.raises((guard.NotAllowed, OSError, UnicodeError)):
        guard.resolve(url)


@pytest.mark.parametrize("url", [*HOSTILE, "https://a..example/", "https://shop.localhost/"])
def test_a_hostile_url_is_refused_when_it_is_given(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """No name is asked for; a written address is judged in whatever form it comes."""
    asked = socket.getaddrinfo

    def without_asking(*words: Any, **more: Any) -> Any:
        assert more["flags"] == socket.AI_NUMERICHOST
        return asked(*words, **more)

    monkeypatch.setattr(socket, "getaddrinfo", without_asking)
    with pytest.raises(guard.NotAllowed):
        guard.check_form(url)


@pytest.mark.parametrize("url", ["https://hooks.example.com/a?b=c", "https://93.184.215.14:8443/", "https://[2606:4700:4700::1111]/"])
def test_a_public_url_may_be_given(url: str) -> None:
    guard.check_form(url)


def test_none_of_them_makes_a_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same forms on the port of a server that is there: it is never called."""
    with Receiver() as sink:
        monkeypatch.setattr(guard, "PORTS", frozenset({443, 8443, sink.port}))
        for host in PRIVATE:
            with pytest.raises((guard.NotAllowed, OSError, UnicodeError)):
                posting.post(guard.resolve(f"https://{host}:{sink.port}/"), b"{}", {})
        assert sink.connections == 0


def test_the_address_that_was_judged_is_the_one_that_is_called(monkeypatch: pytest.MonkeyPatch) -> None:
    """Rebinding: a name that answers with a public address first and a private one afterwards is asked once."""
    answers = iter(["93.184.215.14", "127.0.0.1"])

    def lookup(host: str, port: int, **_: Any) -> list[Any]:
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (next(answers), port))]

    monkeypatch.setattr(socket, "getaddrinfo", lookup)
    assert guard.resolve("https://rebinding.example/").address == "93.184.215.14"


def test_one_private_address_among_public_ones_is_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    found = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, 443)) for address in ("93.184.215.14", "10.0.0.1")]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: found)
    with pytest.raises(guard.NotAllowed):
        guard.resolve("https://both.example/")


@pytest.mark.parametrize("address", ["93.184.215.14", "8.8.8.8", "2606:4700:4700::1111", "2a00:1450:4001:80b::200e"])
def test_public_addresses_are_public(address: str) -> None:
    assert guard.is_public(address)
