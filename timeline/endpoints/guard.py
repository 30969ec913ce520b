"""Where a webhook may go: to public addresses over HTTPS, and to the very address that was looked at (F79).

Note [Looked at, then connected to]
    A name is resolved once, every address it has is judged, and the connection goes to that address with the name as its
    SNI, certificate name and Host. So a name that answers differently a moment later (rebinding) gains nothing. Redirects
    are not followed. Decimal, octal and short forms of an address are what the resolver makes of them, and judged as that.
"""

from __future__ import annotations

import ipaddress
import socket
from dataclasses import dataclass
from urllib.parse import urlsplit

from django.conf import settings

from timeline.errors import Invalid

PORTS = frozenset({443, 8443})
URL_CHARS_MAX = 500
# What `is_global` lets pass and no webhook may reach: translations of private addresses, metadata services, multicast.
_DENIED = tuple(
    ipaddress.ip_network(text)
    for text in (
        "::/96", "::ffff:0:0/96", "64:ff9b::/96", "64:ff9b:1::/48", "2001::/32", "2002::/16", "fec0::/10", "fc00::/7", "fe80::/10",
        "ff00::/8", "100::/64", "168.63.129.16/32", "100.64.0.0/10", "192.88.99.0/24", "224.0.0.0/4", "240.0.0.0/4", "0.0.0.0/8",
    )
)


class NotAllowed(Invalid):
    """Webhooks go to public addresses over HTTPS, on port 443 or 8443."""


@dataclass(frozen=True, slots=True)
class Destination:
    """An address that was judged, and what to say there."""

    scheme: str
    host: str
    address: str
    port: int
    path: str

    @property
    def named(self) -> str:
        """The `Host` that is asked for."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port in (80, 443) else f"{host}:{self.port}"


def check_form(url: str) -> None:
    """That the URL may be tried at all, without asking anybody: an address that is written down is judged at once. Raises NotAllowed."""
    _, host, port, _ = _split(url)
    if settings.ENDPOINTS_PRIVATE:
        return
    host = host.rstrip(".")
    try:
        written = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_NUMERICHOST)
    except UnicodeError as error:
        raise NotAllowed from error
    except OSError:
        written = []  # a name, which is judged each time it is used
    if not host or f".{host}".endswith(".localhost") or not all(is_public(str(row[4][0])) for row in written):
        raise NotAllowed("This is no public address.")


def resolve(url: str) -> Destination:
    """Where the URL leads now; Note [Looked at, then connected to]. Raises NotAllowed, OSError when nobody knows the name."""
    scheme, host, port, path = _split(url)
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    addresses = list(dict.fromkeys(str(row[4][0]) for row in found))
    if not addresses:
        raise NotAllowed("The name has no address.")
    for address in addresses:
        if not settings.ENDPOINTS_PRIVATE and not is_public(address):
            raise NotAllowed("The name leads to an address that is not public.")
    return Destination(scheme, host, addresses[0], port, path)


def is_public(address: str) -> bool:
    """Whether this is an address of the public internet."""
    try:
        found = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return False
    same = (network for network in _DENIED if network.version == found.version)
    return found.is_global and not found.is_multicast and not any(found in network for network in same)


def _split(url: str) -> tuple[str, str, int, str]:
    plain = len(url) <= URL_CHARS_MAX and url.isascii() and url.isprintable() and not {" ", "\\", "\t"} & set(url)
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise NotAllowed from error
    host = parts.hostname or ""
    private = settings.ENDPOINTS_PRIVATE
    fits = plain and host and "@" not in parts.netloc and not parts.fragment and "%" not in parts.netloc
    if not fits or parts.scheme not in (("https", "http") if private else ("https",)):
        raise NotAllowed
    port = port if port is not None else (443 if parts.scheme == "https" else 80)
    if port not in PORTS and not private:
        raise NotAllowed
    path = parts.path or "/"
    return parts.scheme, host, port, f"{path}?{parts.query}" if parts.query else path
