"""Where a request comes from, as far as proxies can be believed."""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING, Final

from django.conf import settings

if TYPE_CHECKING:
    from django.http import HttpRequest

IPV6_SITE_PREFIX: Final = 64


def origin(request: HttpRequest) -> str:
    """Find the address a request comes from, believing only as many proxies as ``TRUSTED_PROXIES`` says.

    An IPv6 address counts as its /64: one household holds more addresses than there are orders.
    """
    trusted = int(getattr(settings, "TRUSTED_PROXIES", 0))
    address = str(request.META.get("REMOTE_ADDR", ""))
    hops = [hop.strip() for hop in request.META.get("HTTP_X_FORWARDED_FOR", "").split(",") if hop.strip()]
    if trusted and hops:
        address = hops[-min(trusted, len(hops))]
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return "unknown"
    if isinstance(parsed, ipaddress.IPv6Address):
        if parsed.ipv4_mapped is not None:
            return str(parsed.ipv4_mapped)
        return str(ipaddress.ip_network((parsed, IPV6_SITE_PREFIX), strict=False))
    return str(parsed)
