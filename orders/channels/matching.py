"""Which of our variants a channel's SKU means: what a person said once, of this shop or of all, else our own SKU of that name; never a guess."""

from __future__ import annotations

from typing import TYPE_CHECKING

from inventory.models import Variant
from orders.channels.canonical import Canonical, Trouble
from orders.models import ChannelSku

if TYPE_CHECKING:
    from collections.abc import Mapping

SKU_CHARS_MAX = 100
SHOWN_MAX = 10


def match(order: Canonical, shop: str = "") -> tuple[dict[str, Variant], list[Trouble]]:
    """Variants by the channel's SKU in this shop, and what could not be matched. Two statements at most."""
    wanted = {name_of(item.sku, item.title) for item in order.items if item.quantity}
    said = ChannelSku.objects.filter(channel=order.channel, shop__in={"", shop}, sku__in=wanted).select_related("variant__product")
    found = {row.sku: row.variant for row in said.order_by("shop")}  # what is said of this shop comes last, and holds
    named = [sku for sku in wanted - found.keys() if sku and not sku.startswith("title:")]
    ours = {variant.sku: variant for variant in Variant.objects.filter(sku__in={sku.upper() for sku in named}).select_related("product")}
    found.update({sku: ours[sku.upper()] for sku in named if sku.upper() in ours})
    missing = sorted(wanted - found.keys())
    nameless = [name for name in missing if name.startswith("title:")]
    unknown = [name for name in missing if not name.startswith("title:")]
    troubles = []
    if unknown:
        troubles.append(Trouble("unknown_sku", f"No variant of ours has the SKU {', '.join(unknown[:SHOWN_MAX])}."))
    if nameless:
        names = ", ".join(name.removeprefix("title:") for name in nameless[:SHOWN_MAX])
        troubles.append(Trouble("no_sku", f"These lines have no SKU: {names}."[:300]))
    return found, troubles


def name_of(sku: str, title: str) -> str:
    """What a person's word about a line is kept under: its SKU, or its title where it has none."""
    return (sku or f"title:{title}")[:SKU_CHARS_MAX]


def variant_of(found: Mapping[str, Variant], sku: str, title: str) -> Variant:
    """The variant of a line."""
    return found[name_of(sku, title)]
