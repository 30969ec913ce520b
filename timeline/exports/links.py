"""Links to files: signed, dead after seven days or when the export is taken back, and good only as long as who asked may ask.

A link needs no credentials, so that a spreadsheet or an accountant's program can fetch it. What it needs is checked each time:
the signature, the time, that the export is there, and that its requester is still known and still may read such rows.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib.auth import get_user_model
from django.core import signing
from django.utils import timezone
from django.utils.crypto import constant_time_compare

from timeline import rights, sight
from timeline.actors import API_CLIENT, STAFF
from timeline.errors import Forbidden, Gone
from timeline.exports.export import Export
from timeline.exports.sources import source_of
from timeline.models import ApiClient

if TYPE_CHECKING:
    from timeline.exports.export import Wanted

ASK, READ, PERSONAL = "exports:write", "exports:read", "customers:read"
_signer = signing.Signer(salt="timeline.exports")


class LinkDead(Gone):
    """The file is not there any more: ask for the export again."""


class LinkForged(Forbidden):
    """This is not a link of ours, or it was changed."""


class RequesterMayNot(Forbidden):
    """Who asked for the export may not read such rows any more."""


def path_of(export: Export) -> str | None:
    """The signed link, without the host; None while there is nothing to fetch."""
    if export.status != Export.Status.READY or export.expires_at is None or export.expires_at <= timezone.now():
        return None
    expires = int(export.expires_at.timestamp())
    return f"/admin/exports/{export.pk}/download?expires={expires}&signature={_signature(export, expires)}"


def require_good(export: Export, *, expires: str, signature: str) -> None:
    """The link is ours, and not over. Raises LinkForged, LinkDead."""
    if not expires.isascii() or not expires.isdigit() or not constant_time_compare(signature, _signature(export, int(expires))):
        raise LinkForged
    if int(expires) <= timezone.now().timestamp():
        raise LinkDead


def require_there(export: Export) -> None:
    """There is a file, and its time is not over. Raises LinkDead."""
    if export.status != Export.Status.READY or export.expires_at is None or export.expires_at <= timezone.now():
        raise LinkDead


def require_requester(wanted: Wanted) -> None:
    """Who asked may still ask. Raises RequesterMayNot."""
    if not may(wanted):
        raise RequesterMayNot


def may(wanted: Wanted) -> bool:
    """Whether who asked is known, active, and may read such rows, and see people where they are in them."""
    if wanted.actor_type == STAFF:
        user = get_user_model().objects.filter(pk=wanted.actor_id, is_active=True, is_staff=True).first()
        return user is not None and needed(wanted.source, is_personal=wanted.is_personal) <= rights.held(user)
    if wanted.actor_type == API_CLIENT:
        client = ApiClient.objects.filter(pk=wanted.actor_id, is_active=True).first()
        alive = client is not None and (client.expires_at is None or client.expires_at > timezone.now())
        return alive and has_scopes(client, needed(wanted.source, is_personal=wanted.is_personal))
    return False


def needed(source: str, *, is_personal: bool) -> set[str]:
    """The rights that it needs to read such rows as a file."""
    return {READ, source_of(source).scope} | ({PERSONAL} if is_personal else set())


def require(request: Any, source: str, *, is_personal: bool) -> None:
    """Who sends this request may read such rows as a file. Raises MayNotSeePeople, RightMissing."""
    if is_personal:
        sight.require(request)
    for right in sorted(needed(source, is_personal=is_personal)):
        rights.require(request, right)


def has_scopes(client: Any, scopes: set[str]) -> bool:
    """Whether an API key has all of these. `exports:write` is good for reading what one asked for."""
    return scopes <= rights.of_scopes(client.scopes)


def _signature(export: Export, expires: int) -> str:
    return _signer.signature(f"{export.pk.hex}:{expires}")
