"""Speaking to channels, with no transaction open: one talk per account, behind one protocol."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from orders.channels.talking.base import CannotAsk, ChannelBusy, ChannelRefused, Page, Sent, Talk
from orders.channels.talking.marketplaces import AmazonTalk, EbayTalk, EtsyTalk, FlipkartTalk, UnicommerceTalk
from orders.channels.talking.shops import BigCommerceTalk, MagentoTalk, ShopifyTalk, WooTalk

if TYPE_CHECKING:
    from collections.abc import Callable

    from orders.models import ChannelAccount

__all__ = ["TALKS", "CannotAsk", "ChannelBusy", "ChannelRefused", "Page", "Sent", "Talk", "completed", "talk"]

TALKS: dict[str, Callable[[ChannelAccount], Talk]] = {
    "shopify": ShopifyTalk, "woocommerce": WooTalk, "magento": MagentoTalk, "amazon": AmazonTalk, "bigcommerce": BigCommerceTalk,
    "ebay": EbayTalk, "etsy": EtsyTalk, "flipkart": FlipkartTalk, "unicommerce": UnicommerceTalk,
}


def completed(account: ChannelAccount, said: Any) -> Any:
    """An order a shop sent, with what its message leaves out; as it came where there is nothing to ask, or no key to ask with.

    Raises ChannelBusy.
    """
    if account.channel != "woocommerce" or not account.credentials().get("apiKey") or not isinstance(said, dict):
        return said
    try:
        return WooTalk(account).completed(said)
    except ChannelRefused:
        return said


def talk(account: ChannelAccount) -> Talk:
    """The account's channel. Raises CannotAsk for one that cannot be asked."""
    make = TALKS.get(account.channel)
    if make is None:
        raise CannotAsk(f"{account.channel} is told by files.")
    return make(account)
