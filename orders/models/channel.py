"""Channels: where orders are taken for us, each order as it was told, and what came in unasked."""

from __future__ import annotations

import base64
from typing import Any, ClassVar

from django.db import models
from django.db.models import Q

from inventory.models import Variant
from orders.models.order import Order
from orders.models.person import Person
from timeline import vault

CHANNEL_CHARS_MAX = 20


class ChannelAccount(models.Model):
    """One shop at one channel: how it is reached, and how far it has been read. Credentials are sealed under the house key."""

    FROZEN: ClassVar[tuple[str, ...]] = ("code", "channel", "created_at")

    id = models.UUIDField(primary_key=True)
    code = models.SlugField(max_length=40, unique=True)
    channel = models.CharField(max_length=CHANNEL_CHARS_MAX)
    name = models.CharField(max_length=80)
    is_active = models.BooleanField(default=True)
    base_url = models.CharField(max_length=200, blank=True)
    sealed = models.BinaryField(null=True)
    poll_minutes = models.PositiveSmallIntegerField(default=0)
    poll_due_at = models.DateTimeField(null=True)
    polled_at = models.DateTimeField(null=True)
    poll_cursor = models.CharField(max_length=1000, blank=True)
    poll_error = models.CharField(max_length=300, blank=True)
    created_at = models.DateTimeField()

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["poll_due_at"], name="channel_account_due_idx", condition=Q(poll_due_at__isnull=False)),
        ]

    def __str__(self) -> str:
        return self.code

    @property
    def story(self) -> str:
        """Each account is a story of its own."""
        return f"channel-account:{self.id}"

    def credentials(self) -> dict[str, str]:
        """What the channel knows us by, and signs with; empty when none are set."""
        if self.sealed is None:
            return {}
        return vault.unseal(vault.house_key(), self.story, bytes(self.sealed)) or {}


class ChannelImport(models.Model):
    """One order as its channel told it last, and what became of it here. The body is sealed under its buyer's own key.

    `shop` tells apart the shops of a channel whose order ids are each shop's own. `sums` are the newest body's figures, `placed` those the order here was made of. `reasons` say what a person must look
    at and hold nothing personal; `decisions` what a person said about it.
    """

    class State(models.TextChoices):
        """Where it stands."""

        IMPORTED = "imported", "Imported"
        HELD = "held", "Held"
        CONFLICT = "conflict", "Conflict"
        DISMISSED = "dismissed", "Dismissed"

    FROZEN: ClassVar[tuple[str, ...]] = ("channel", "shop", "channel_order_id", "received_at")

    id = models.UUIDField(primary_key=True)
    channel = models.CharField(max_length=CHANNEL_CHARS_MAX)
    shop = models.CharField(max_length=120, blank=True, default="", db_default="")
    channel_order_id = models.CharField(max_length=64)
    channel_order_number = models.CharField(max_length=64, blank=True)
    account = models.ForeignKey(ChannelAccount, null=True, on_delete=models.PROTECT, related_name="imports", db_index=False)
    state = models.CharField(max_length=10, choices=State.choices)
    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+", db_index=False)
    order = models.OneToOneField(Order, null=True, on_delete=models.PROTECT, related_name="channel_import")
    status = models.CharField(max_length=12, blank=True)
    channel_status = models.CharField(max_length=120, blank=True)
    reasons: models.JSONField[Any, Any] = models.JSONField(default=list)
    decisions: models.JSONField[Any, Any] = models.JSONField(default=dict)
    sums: models.JSONField[Any, Any] = models.JSONField(default=dict)
    placed: models.JSONField[Any, Any] = models.JSONField(default=dict)
    fingerprint = models.BinaryField(max_length=32)
    sealed = models.BinaryField()
    revision = models.PositiveIntegerField(default=1)
    placed_at = models.DateTimeField(null=True)
    changed_at = models.DateTimeField(null=True)
    received_at = models.DateTimeField()
    seen_at = models.DateTimeField()
    told_back: models.JSONField[Any, Any] = models.JSONField(default=dict)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["channel", "shop", "channel_order_id"], name="channel_import_once_per_shop"),
            models.CheckConstraint(
                condition=~Q(state__in=["imported", "conflict"]) | Q(order__isnull=False), name="channel_import_has_order"
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["state", "-received_at"], name="channel_import_state_idx"),
            models.Index(fields=["-received_at", "-id"], name="channel_import_age_idx"),
            models.Index(fields=["channel_order_id"], name="channel_import_their_id_idx"),
        ]

    def __str__(self) -> str:
        return f"{self.channel} {self.channel_order_id}"

    @property
    def story(self) -> str:
        """Each import is a story of its own."""
        return f"channel-import:{self.id}"

    def body(self) -> bytes:
        """The newest body as JSON; empty once its buyer is erased."""
        data = vault.unseal(self.person.key, self.story, bytes(self.sealed))
        return base64.b64decode(data["body"]) if data else b""

    def told(self) -> dict[str, Any]:
        """The newest canonical order with its personal parts; empty once its buyer is erased."""
        data = vault.unseal(self.person.key, self.story, bytes(self.sealed))
        return dict(data["canonical"]) if data else {}


class ChannelSku(models.Model):
    """A channel's name for one of our variants, said by a person once: for one shop, or for all where `shop` is empty."""

    channel = models.CharField(max_length=CHANNEL_CHARS_MAX)
    shop = models.CharField(max_length=120, blank=True, default="", db_default="")
    sku = models.CharField(max_length=100)
    variant = models.ForeignKey(Variant, on_delete=models.PROTECT, related_name="+", db_index=False)

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["channel", "shop", "sku"], name="channel_sku_once_per_shop")]

    def __str__(self) -> str:
        return f"{self.channel} {self.sku}"


class ChannelNotice(models.Model):
    """A webhook of a channel as it came, kept before anything is done about it. Sealed: it carries people's addresses.

    Once it is taken in its body is let go of: the import keeps it, under the buyer's own key.
    """

    FROZEN: ClassVar[tuple[str, ...]] = ("account", "body_sha256", "received_at")

    id = models.UUIDField(primary_key=True)
    account = models.ForeignKey(ChannelAccount, on_delete=models.PROTECT, related_name="notices", db_index=False)
    topic = models.CharField(max_length=60, blank=True)
    body_sha256 = models.BinaryField(max_length=32)
    sealed = models.BinaryField()
    repeats = models.PositiveIntegerField(default=0)
    received_at = models.DateTimeField()
    handled_at = models.DateTimeField(null=True)
    outcome = models.CharField(max_length=300, blank=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["account", "body_sha256"], name="channel_notice_once_per_body"),
        ]
        indexes: ClassVar = [models.Index(fields=["received_at"], name="channel_notice_age_idx")]

    def __str__(self) -> str:
        return f"{self.account_id} {self.topic}"

    @property
    def story(self) -> str:
        """Each notice is a story of its own."""
        return f"channel-notice:{self.id}"

    def body(self) -> bytes:
        """The raw body; empty once it was taken in."""
        if not self.sealed:
            return b""
        data = vault.unseal(vault.house_key(), self.story, bytes(self.sealed))
        return base64.b64decode(data["raw"]) if data else b""
