"""How a channel is spoken to: asked for orders page by page, asked for one, told what was shipped."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol


class ChannelBusy(Exception):
    """The channel is to be asked again later: it limits us, or cannot be reached. `wait_seconds` is how long it says."""

    def __init__(self, why: str, *, wait_seconds: int = 60) -> None:
        super().__init__(why)
        self.wait_seconds = wait_seconds


class ChannelRefused(Exception):
    """The channel said no, or something nobody can read: a person must look."""


class CannotAsk(ChannelRefused):
    """This channel, or this account with what is known of it, cannot be asked this."""


@dataclass(frozen=True, slots=True)
class Page:
    """Bodies of orders that changed since a moment, and the mark of the next page; no mark when this is the last."""

    bodies: list[Any]
    mark: str = ""


@dataclass(frozen=True, slots=True)
class Sent:
    """A parcel that left: its number, who carries it, and the channel's own lines in it, by their id.

    A parcel that another carrier took along and gave no number has an empty one: `reference` is what we call it ourselves.
    `is_last` says that nothing of the order is left to be sent.
    """

    order_id: str
    shipment_id: str
    tracking_number: str
    carrier: str
    at: datetime
    lines: tuple[tuple[str, int], ...]
    is_last: bool
    reference: str = ""


class Talk(Protocol):
    """One account's channel. Every method talks and raises ChannelBusy or ChannelRefused."""

    tells_shipped: bool
    # Whether the channel takes no parcel without a tracking number; it gets ours then, where the carrier gave none.
    needs_number: bool

    def page(self, since: datetime, mark: str) -> Page:
        """Orders that changed since then, oldest first, from the mark of the page before on."""
        ...

    def fetch(self, order_id: str) -> list[Any]:
        """One order's body; none when the channel does not know it."""
        ...

    def tell_shipped(self, sent: Sent) -> None:
        """Tell the channel of a parcel, unless it has one of that number: a telling whose answer was lost is not made twice.

        Amazon knows a parcel by our reference, and takes a repeat for a correction.
        """
        ...
