"""Which order of which shop a body is about: the import's identity, also when the shop becomes known later than its order.

Note [A shop known later]
    Where order ids are each shop's own, the shop is what the body says, else the account it came by, else the only account. An
    order may come before any account is set up, or once without the links that name its shop. Then its import stands under
    another shop than its next body would. That body belongs to the import of the same order id where one of the two does not
    know its shop for sure, and both were placed at the same moment; more than one such import is a guess, and none is taken.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid5

from orders.channels import adapters
from orders.models import ChannelAccount, ChannelImport

if TYPE_CHECKING:
    from datetime import datetime

CANDIDATES_MAX = 20
# Channels whose bodies may name no currency: it was agreed with the partner.
_AGREED = ("edi", "file")
_IMPORTS = UUID("3f6f0d5e-1f0b-4f0c-9f4e-2d0c9a7e6b51")


@dataclass(frozen=True, slots=True)
class Body:
    """A body that names an order."""

    channel: str
    order_id: str
    said: dict[str, Any]
    shop: str = ""

    @property
    def import_id(self) -> UUID:
        """The same for every body of the same order."""
        return uuid5(_IMPORTS, "\0".join(filter(None, (self.channel, self.shop, self.order_id))))

    @property
    def story(self) -> str:
        """The import's story."""
        return f"channel-import:{self.import_id}"


def body_of(channel: str, said: Any, account: ChannelAccount | None) -> Body:
    """What the body is about. Raises NotAnOrder."""
    order_id = adapters.identify(channel, said)
    if channel not in adapters.PER_SHOP:
        return Body(channel, order_id, with_currency(channel, said, account))
    told = adapters.shop_of(channel, said)
    codes = set(ChannelAccount.objects.filter(channel=channel).values_list("code", flat=True))
    shop = told or (account.code if account is not None else next(iter(codes)) if len(codes) == 1 else "")
    body = Body(channel, order_id, said, shop)
    if ChannelImport.objects.filter(pk=body.import_id).exists():
        return body
    return replace(body, shop=_known_shop(body, codes, is_told=bool(told)))


def with_currency(channel: str, said: dict[str, Any], account: ChannelAccount | None) -> dict[str, Any]:
    """The body of a partner or file that names no currency with the one agreed: of its account, of the partner's own, or of the only one.

    Most purchase orders within one country name none.
    """
    if channel not in _AGREED or said.get("currency"):
        return said
    if account is not None:
        agreed = [account.credentials()]
    else:
        known = [one.credentials() for one in ChannelAccount.objects.filter(channel=channel, sealed__isnull=False).order_by("code")[:CANDIDATES_MAX]]
        own = [one for one in known if one.get("shopId") and one["shopId"] == said.get("customerId")]
        agreed = own or [one for one in known if len(known) == 1 and not one.get("shopId")]
    found = next((one["currency"] for one in agreed if one.get("currency")), "")
    return {**said, "currency": found} if found else said


def _known_shop(body: Body, codes: set[str], *, is_told: bool) -> str:
    """Note [A shop known later]."""
    rows = ChannelImport.objects.filter(channel=body.channel, channel_order_id=body.order_id).values_list("shop", "placed_at")
    found = [(shop, at) for shop, at in rows[:CANDIDATES_MAX] if _may_be(shop, body.shop, codes, is_told=is_told)]
    placed_at = _placed_at(body) if found else None
    same = [shop for shop, at in found if at is not None and at == placed_at]
    return same[0] if len(same) == 1 else body.shop


def _may_be(known: str, now: str, codes: set[str], *, is_told: bool) -> bool:
    """Whether two names may be of one shop: one of them is none, or one is told by a body and the other an account's code."""
    return not known or not now or (known in codes) == is_told


def _placed_at(body: Body) -> datetime | None:
    return adapters.translate(body.channel, body.said).placed_at
