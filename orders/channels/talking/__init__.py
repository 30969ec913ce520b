"""Speaking to channels, with no transaction open: one talk per account, behind one protocol."""

from __future__ import annotations

from typing import TYPE_CHECKING

from orders.channels.talking.base import CannotAsk, ChannelBusy, ChannelRefused, Page, Sent, Talk
from orders.channels.talking.marketplaces import AmazonTalk, EbayTalk, EtsyTalk, FlipkartTalk, UnicommerceTalk
from orders.channels.talking.shops import BigCommerceTalk, MagentoTalk, ShopifyTalk, WooTalk

if TYPE_CHECKING:
    from collections.abc import Callable

    from orders.models import ChannelAccount

__all__ = ["TALKS", "CannotAsk", "ChannelBusy", "ChannelRefused", "Page", "Sent", "Talk", "talk"]

TALKS: dict[str, Callable[[ChannelAccount], Talk]] = {
    "shopify": ShopifyTalk, "woocommerce": WooTalk, "magento": MagentoTalk, "amazon": AmazonTalk, "bigcommerce": BigCommerceTalk,
    "ebay": EbayTalk, "etsy": EtsyTalk, "flipkart": FlipkartTalk, "unicommerce": UnicommerceTalk,
}


def talk(account: ChannelAccount) -> Talk:
    """The account's channel. Raises CannotAsk for one that cannot be asked."""
    make = TALKS.get(account.channel)
    if make is None:
        raise CannotAsk(f"{account.channel} is told by files.")
    return make(account)
