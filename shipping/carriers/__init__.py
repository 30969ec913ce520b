"""The carriers this shop works with, by code: made from the settings, one set per thread. Absent credentials: not offered."""

from __future__ import annotations

import contextlib
import json
import threading
from typing import TYPE_CHECKING

import structlog
from django.conf import settings

from shipping.carriers import base
from shipping.carriers.base import Carrier, CarrierRefused, PushPolicy
from shipping.carriers.bluedart import BlueDart
from shipping.carriers.delhivery import Delhivery
from shipping.carriers.karrio_extra import Karrio
from shipping.carriers.own_fleet import OwnFleet
from shipping.carriers.shiprocket import Shiprocket
from shipping.queries import plain

if TYPE_CHECKING:
    from collections.abc import Iterator

log = structlog.get_logger("bahi.shipping")
_mine = threading.local()
_instead: list[Carrier] = []
PUSH_SECRET_CHARS_MIN = 24


class UnknownCarrier(CarrierRefused):
    """No carrier has this code."""


def carrier(code: str) -> Carrier:
    """The carrier of this code. Raises UnknownCarrier."""
    try:
        return _offered()[code]
    except KeyError:
        raise UnknownCarrier(code) from None


def named(name: str) -> Carrier | None:
    """The carrier a parcel's words mean, however a person wrote them; None when the shop is not connected with it."""
    return next((one for one in _offered().values() if plain(name) in (plain(one.code), plain(one.name))), None)


def behind(alias: str) -> Carrier | None:
    """The carrier whose webhook comes in under this word; None for one without an address of its own."""
    return next(
        (one for one in _offered().values() if one.push.alias == alias and len(one.push.secret) >= PUSH_SECRET_CHARS_MIN), None
    )


def codes() -> tuple[str, ...]:
    """The code of every carrier that takes bookings."""
    return tuple(code for code, one in _offered().items() if base.BOOK in one.can)


def connected() -> tuple[Carrier, ...]:
    """Every carrier, those that only report too."""
    return tuple(_offered().values())


@contextlib.contextmanager
def use(*others: Carrier) -> Iterator[None]:
    """Work with these too, in place of those of the same code, in every thread while the block runs: for tests and rehearsals."""
    _instead.extend(others)
    try:
        yield
    finally:
        for other in others:
            _instead.remove(other)


def _offered() -> dict[str, Carrier]:
    wish = tuple(sorted(settings.CARRIERS.items()))
    if getattr(_mine, "wish", None) != wish:
        _mine.wish, _mine.carriers = wish, {one.code: one for one in _made(settings.CARRIERS)}
    made: dict[str, Carrier] = _mine.carriers
    return {**made, **{one.code: one for one in _instead}}


def _made(wish: dict[str, str]) -> Iterator[Carrier]:
    yield OwnFleet()
    if wish["SHIPROCKET_EMAIL"]:
        yield Shiprocket(
            email=wish["SHIPROCKET_EMAIL"], password=wish["SHIPROCKET_PASSWORD"], base_url=wish["SHIPROCKET_BASE_URL"],
            origin_pin=wish["SHIP_FROM_PIN"], contact_email=settings.DEFAULT_FROM_EMAIL,
            push=PushPolicy("aggregator", wish["SHIPROCKET_PUSH_SECRET"], "X-Api-Key", wish["SHIPROCKET_PUSH_TOKEN"]),
        )
    if wish["DELHIVERY_TOKEN"]:
        yield Delhivery(
            token=wish["DELHIVERY_TOKEN"], base_url=wish["DELHIVERY_BASE_URL"],
            push=PushPolicy("delhivery", wish["DELHIVERY_PUSH_SECRET"], "X-Push-Token", wish["DELHIVERY_PUSH_TOKEN"]),
        )
    if wish["BLUEDART_CLIENT_ID"] or wish["BLUEDART_PUSH_SECRET"]:
        yield BlueDart(
            client_id=wish["BLUEDART_CLIENT_ID"], client_secret=wish["BLUEDART_CLIENT_SECRET"], login_id=wish["BLUEDART_LOGIN_ID"],
            licence_key=wish["BLUEDART_LICENCE_KEY"], base_url=wish["BLUEDART_BASE_URL"],
            push=PushPolicy("bluedart", wish["BLUEDART_PUSH_SECRET"], "X-Push-Token", wish["BLUEDART_PUSH_TOKEN"]),
        )
    for connector, credentials in _connectors(wish["KARRIO_GATEWAYS"]).items():
        yield Karrio(connector, credentials)


def _connectors(text: str) -> dict[str, dict[str, object]]:
    """Credentials by karrio's name of the carrier; what is no such object offers nothing."""
    try:
        found = json.loads(text or "{}")
    except ValueError:
        found = None
    if not isinstance(found, dict) or not all(isinstance(one, dict) for one in found.values()):
        log.error("karrio.misconfigured", why="KARRIO_GATEWAYS is no JSON object of objects")
        return {}
    return found
