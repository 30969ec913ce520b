"""Shops at channels: added, changed, stopped. Credentials go in and never come out."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from django.db import IntegrityError, transaction

from orders.channels import adapters
from orders.models import ChannelAccount
from timeline import vault
from timeline.endpoints import guard
from timeline.errors import Invalid, Missing, Refused

if TYPE_CHECKING:
    from collections.abc import Mapping

    from timeline.operations import Operation

POLL_MINUTES_MAX = 24 * 60
CREDENTIALS = (
    "webhookSecret", "apiKey", "apiSecret", "accessToken", "refreshToken", "clientId", "clientSecret", "marketplaceId",
    "appId", "shopId", "storeHash", "verificationToken", "publicKeys", "locationId", "currency",
)
CREDENTIAL_CHARS_MAX = 8000


class AccountTaken(Refused):
    """There is an account of this code already."""


class UnknownChannel(Invalid):
    """No channel of this name can be read."""


def add(op: Operation, *, code: str, channel: str, name: str, **more: Any) -> ChannelAccount:
    """A new shop at a channel. Raises UnknownChannel, AccountTaken."""
    if channel not in adapters.NAMES:
        raise UnknownChannel(errors=[("#/channel", f"One of {', '.join(sorted(adapters.NAMES))}.")])
    row = ChannelAccount(id=op.new_id(), code=code, channel=channel, name=name, created_at=op.now)
    op.open_stream(row.story)
    _set(op, row, more)
    op.record(row, "channel_account.added", stream=row.story, facts={"account": code, "channel": channel})
    try:
        with transaction.atomic():
            row.save(force_insert=True)
    except IntegrityError as error:
        raise AccountTaken(errors=[("#/code", "Taken.")]) from error
    return row


def change(op: Operation, *, account_id: Any, changes: Mapping[str, Any]) -> ChannelAccount:
    """Change what is named; credentials are replaced one by one, an empty one is taken away. Raises Missing."""
    row = _known(account_id)
    op.open_stream(row.story)
    row = _known(account_id)  # as it is once nobody else changes it
    if "name" in changes:
        row.name = changes["name"]
    _set(op, row, changes)
    named = sorted(key for key in changes if key != "credentials") + sorted(changes.get("credentials") or ())
    op.record(row, "channel_account.changed", stream=row.story, facts={"account": row.code, "parts": named})
    row.save(update_fields=["name", "base_url", "is_active", "poll_minutes", "poll_due_at", "sealed"])
    return row


def of_code(code: str) -> ChannelAccount:
    """The account. Raises Missing."""
    found = ChannelAccount.objects.filter(code=code).first()
    if found is None:
        raise Missing
    return found


def of_channel(channel: str, code: str) -> ChannelAccount:
    """The account of this code at this channel. Raises Missing."""
    found = of_code(code)
    if found.channel != channel:
        raise Missing
    return found


def polled(
    op: Operation, *, account_id: Any, cursor: str | None, error: str = "", wait_seconds: int | None = None
) -> ChannelAccount:
    """Note how a poll went, and when the next is due; nothing else, as somebody may change the account meanwhile."""
    row = ChannelAccount.objects.get(pk=account_id)
    if cursor is not None:
        row.poll_cursor = cursor
    row.polled_at, row.poll_error = op.now, error[:300]
    row.poll_due_at = _due(op, row, wait_seconds)
    row.save(update_fields=["poll_cursor", "polled_at", "poll_error", "poll_due_at"])
    return row


def lease(op: Operation, *, account_id: Any, seconds: int) -> bool:
    """Take the poll that is due, for so long; whether it was still there to be taken."""
    due = ChannelAccount.objects.filter(pk=account_id, is_active=True, poll_due_at__lte=op.now)
    return bool(due.update(poll_due_at=op.now + timedelta(seconds=seconds)))


def _known(account_id: Any) -> ChannelAccount:
    row = ChannelAccount.objects.filter(pk=account_id).first()
    if row is None:
        raise Missing
    return row


def _due(op: Operation, row: ChannelAccount, wait_seconds: int | None) -> Any:
    if not (row.is_active and row.poll_minutes):
        return None
    return op.now + (timedelta(minutes=row.poll_minutes) if wait_seconds is None else timedelta(seconds=wait_seconds))


def _set(op: Operation, row: ChannelAccount, said: Mapping[str, Any]) -> None:
    if said.get("base_url"):
        guard.check_form(said["base_url"])
    row.base_url = said.get("base_url", row.base_url)
    row.is_active = said.get("is_active", row.is_active)
    row.poll_minutes = said.get("poll_minutes", row.poll_minutes)
    row.poll_due_at = _due(op, row, 0)
    given = said.get("credentials")
    if given:
        merged = {**row.credentials(), **{key: value for key, value in given.items() if value}}
        merged = {key: value for key, value in merged.items() if given.get(key, value)}
        row.sealed = vault.seal(vault.house_key(), row.story, merged)
