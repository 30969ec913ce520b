"""Delivery configurations and tracking events: where hydrated events go, and which (C11 to C13).

A configuration is an endpoint (`timeline.endpoints.tables`), so sending, retries, pauses and the log of tries are those
of webhooks. Credentials are sealed; outside only a fingerprint of them is ever seen.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson
from django.conf import settings

from timeline import locks, vault
from timeline.endpoints import brokers, guard, operations, signing, tracking
from timeline.endpoints.operations import STORY, Made
from timeline.errors import Invalid, Missing, Refused
from timeline.log.seal import log_size
from timeline.models import ApiClient, Endpoint, TrackingEvent

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from uuid import UUID

    from django.db.models import QuerySet

    from timeline.operations import Operation

CONFIGURATIONS_MAX, TRACKING_EVENTS_MAX = 50, 200
FIRST_PARTY = ("mail_campaign", "product_discovery")
_NEEDED = {
    "sqs": ("accessKeyId", "secretAccessKey", "region"), "mail_campaign": ("apiKey",), "product_discovery": ("clientId", "apiKey"),
}
_TOPICS = ("kafka", "nats", "rabbitmq")


class ConfigurationIncomplete(Invalid):
    """The target needs more than this; the errors name what."""


class StillUsed(Refused):
    """Tracking events still go there; remove them, or point them elsewhere, first."""


class TooMany(Refused):
    """The shop has as many of these as it may have; remove one first."""


def add(op: Operation, *, name: str, target: str, credentials: Mapping[str, str], **wish: Any) -> Made:
    """A new place events may go to; nothing goes there before a tracking event says so.

    Raises NotAllowed, ConfigurationIncomplete, NameTaken, TooMany.
    """
    op.open_stream(STORY)
    _require_free_name(name)
    if rows().count() >= CONFIGURATIONS_MAX:
        raise TooMany

    secret = signing.new_secret()
    wish.setdefault("is_personal", names_people(target))
    made = Endpoint(
        id=op.new_id(), name=name, way=target, is_tracking=True, kinds=[], cursor=log_size(), created_at=op.now,
        **{"payload": Endpoint.Payload.HYDRATED, **wish},
    )
    made.sealed = operations.seal_secrets(made, [{"secret": secret, "until": None}], credentials)
    _require_whole(made, credentials)
    op.record(made, "endpoint.added", stream=STORY, facts=_facts(made))
    made.save(force_insert=True)
    return Made(made, secret)


def names_people(target: str) -> bool:
    """Unless told otherwise: a campaign without an address to write to is none; discovery has no need to know who looks."""
    return target == "mail_campaign"


def change(op: Operation, *, configuration_id: UUID, **wish: Any) -> Endpoint:
    """Change anything but the kind of the target; credentials are replaced whole. Switched on again it goes on from now.

    Raises Missing, NotAllowed, ConfigurationIncomplete, NameTaken.
    """
    op.open_stream(STORY)
    found = _locked(configuration_id)
    credentials = wish.pop("credentials", None)
    known = operations.credentials_of(found) if credentials is None else credentials
    if "name" in wish and wish["name"] != found.name:
        _require_free_name(wish["name"])

    changed = sorted([*wish, *(["credentials"] if credentials is not None else [])])
    wish |= operations.switched(found, wish)
    for column, value in wish.items():
        setattr(found, column, value)
    if credentials is not None:
        found.sealed = operations.seal_secrets(found, operations.entries_of(found), credentials)
        wish["sealed"] = found.sealed
    _require_whole(found, known)
    op.record(found, "endpoint.changed", stream=STORY, facts={**_facts(found), "changed": changed})
    if wish:
        found.save(update_fields=list(wish))
    return found


def remove(op: Operation, *, configuration_id: UUID) -> Endpoint:
    """Take it away; what it was sent stays in the log of tries. Raises Missing, StillUsed."""
    op.open_stream(STORY)
    found = _locked(configuration_id)
    if found.tracking_events.exists():
        raise StillUsed

    return operations.take_away(op, endpoint=found)


def add_tracking(op: Operation, *, name: str, configuration_id: UUID, kinds: Sequence[str], **wish: Any) -> TrackingEvent:
    """Send these events there. Raises KindsUnclear, Missing parts, NameTaken, TooMany."""
    op.open_stream(STORY)
    if TrackingEvent.objects.filter(name=name).exists():
        raise operations.NameTaken
    if TrackingEvent.objects.count() >= TRACKING_EVENTS_MAX:
        raise TooMany

    made = TrackingEvent(
        id=op.new_id(), name=name, configuration=_configuration(configuration_id), kinds=_known_kinds(kinds), created_at=op.now, **wish
    )
    _require_clients(made.api_clients)
    _say(op, made, "added")
    made.save(force_insert=True)
    return made


def change_tracking(op: Operation, *, tracking_id: UUID, **wish: Any) -> TrackingEvent:
    """Change any part of it, or switch it off and on. Raises Missing, KindsUnclear, NameTaken."""
    op.open_stream(STORY)
    found = _tracking(tracking_id)
    if "name" in wish and TrackingEvent.objects.filter(name=wish["name"]).exclude(pk=found.pk).exists():
        raise operations.NameTaken
    if "configuration_id" in wish:
        _configuration(wish["configuration_id"])
    if "kinds" in wish:
        wish["kinds"] = _known_kinds(wish["kinds"])
    _require_clients(wish.get("api_clients", []))

    for column, value in wish.items():
        setattr(found, column, value)
    _say(op, found, "changed")
    found.save()
    return found


def remove_tracking(op: Operation, *, tracking_id: UUID) -> None:
    """These events do not go there any more. Raises Missing."""
    op.open_stream(STORY)
    found = _tracking(tracking_id)
    _say(op, found, "removed")
    TrackingEvent.objects.filter(pk=found.pk).delete()


def rows() -> QuerySet[Endpoint]:
    """The configurations there are."""
    return operations.alive().filter(is_tracking=True)


def fingerprint(configuration: Endpoint) -> str | None:
    """Twelve hex digits by which two sets of credentials are told apart; nothing can be learnt from them."""
    credentials = operations.credentials_of(configuration)
    if not credentials:
        return None
    return vault.blind("credentials", orjson.dumps(credentials, option=orjson.OPT_SORT_KEYS).decode()).hex()[:12]


def _require_whole(row: Endpoint, credentials: Mapping[str, str]) -> None:
    errors = [(f"#/credentials/{name}", "Needed for this target.") for name in _NEEDED.get(row.way, ()) if not credentials.get(name)]
    if row.way in _TOPICS and not row.topic:
        errors.append(("#/topic", "Needed for this target."))
    if row.way == "product_discovery" and row.is_personal:
        errors.append(("#/isPersonal", "Discovery is never told who looks."))
    if not row.url and not (row.way in FIRST_PARTY and settings.TRACKING_URLS.get(row.way)):
        errors.append(("#/url", "Needed for this target."))
    if errors:
        raise ConfigurationIncomplete(errors=errors)
    if row.way in brokers.SCHEMES:
        brokers.address_of(row.way, row.url)
    elif row.url:
        guard.check_form(row.url)


def _known_kinds(kinds: Sequence[str]) -> list[str]:
    found = [tracking.EVENT_TYPES.get(kind, kind) for kind in kinds]
    operations.require_kinds(found)
    return list(dict.fromkeys(found))


def _require_clients(clients: Sequence[str]) -> None:
    known = {str(pk) for pk in ApiClient.objects.filter(pk__in=clients).values_list("pk", flat=True)}
    errors = [(f"#/apiClients/{place}", "There is no such API client.") for place, client in enumerate(clients) if client not in known]
    if errors:
        raise ConfigurationIncomplete(errors=errors)


def _require_free_name(name: str) -> None:
    if rows().filter(name=name).exists():
        raise operations.NameTaken


def _locked(pk: UUID) -> Endpoint:
    found = locks.endpoint(pk)
    if not found.is_tracking or found.removed_at is not None:
        raise Missing
    return found


def _configuration(pk: UUID) -> Endpoint:
    found = rows().filter(pk=pk).first()
    if found is None:
        raise ConfigurationIncomplete(errors=[("#/deliveryConfigurationId", "There is no such delivery configuration.")])
    return found


def _tracking(pk: UUID) -> TrackingEvent:
    found = TrackingEvent.objects.filter(pk=pk).first()
    if found is None:
        raise Missing
    return found


def _say(op: Operation, row: TrackingEvent, what: str) -> None:
    facts = {"tracking": row.name, "what": what, "kinds": row.kinds, "environments": row.environments, "api_clients": row.api_clients}
    op.record(row, "tracking.changed", stream=STORY, facts={**facts, "enabled": row.is_enabled}, targets=[("endpoint", row.configuration_id)])


def _facts(row: Endpoint) -> dict[str, Any]:
    return {"endpoint": row.name, "target": row.way, "payload": row.payload, "envelope": row.envelope, "may_name_people": row.is_personal}
