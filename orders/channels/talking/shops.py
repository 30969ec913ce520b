"""Shopify, WooCommerce, Magento and BigCommerce, as their REST documentation says."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from orders.channels.reading import at, has, identity, rows, text, whole
from orders.channels.talking.base import ChannelRefused, Page, Sent
from orders.channels.talking.wire import Wire

if TYPE_CHECKING:
    from orders.models import ChannelAccount

SHOPIFY_VERSION = "2026-10"
PAGE_ROWS = 25
NOTE_CHARS_MAX = 2000


class ShopifyTalk:
    """The Admin REST API; pages are linked."""

    tells_shipped = True
    needs_number = False

    def __init__(self, account: ChannelAccount) -> None:
        known = account.credentials()
        self._location = known.get("locationId", "").rpartition("/")[2]  # also the GraphQL one
        self._wire = Wire(
            f"{account.base_url.rstrip('/')}/admin/api/{SHOPIFY_VERSION}", headers={"X-Shopify-Access-Token": known.get("accessToken", "")}
        )

    def page(self, since: datetime, mark: str) -> Page:
        """Orders by `updated_at`; the mark is the address of the next page."""
        first = {"status": "any", "updated_at_min": since.isoformat(), "order": "updated_at asc", "limit": PAGE_ROWS}
        said = self._wire.ask("GET", mark) if mark else self._wire.ask("GET", "/orders.json", params=first)
        following = str(self._wire.links.get("next", {}).get("url", ""))
        if following and not following.startswith(self._wire.base):
            raise ChannelRefused("the next page lies elsewhere")
        return Page(rows(at(said, "orders")), following)

    def fetch(self, order_id: str) -> list[Any]:
        """`GET /orders/{id}.json`."""
        said = self._wire.ask("GET", f"/orders/{order_id}.json")
        return [said] if said else []

    def tell_shipped(self, sent: Sent) -> None:
        """A fulfilment of the parcel's units alone, with the tracking number; one that is there by that number is not made again."""
        known = self._wire.ask("GET", f"/orders/{sent.order_id}/fulfillments.json")
        if sent.tracking_number and has(at(known, "fulfillments"), "tracking_number", sent.tracking_number):
            return
        said = self._wire.ask("GET", f"/orders/{sent.order_id}/fulfillment_orders.json")
        tracking = {"company": sent.carrier, **({"number": sent.tracking_number} if sent.tracking_number else {})}
        # None waits where these units were fulfilled there before; one fulfilment is of one location, ours first.
        orders = sorted(rows(at(said, "fulfillment_orders")), key=lambda one: identity(one.get("assigned_location_id")) != self._location)
        for waiting in _waiting(orders, dict(sent.lines)).values():
            self._wire.ask(
                "POST", "/fulfillments.json",
                json={"fulfillment": {"line_items_by_fulfillment_order": waiting, "tracking_info": tracking, "notify_customer": True}},
            )


def _waiting(orders: list[dict[str, Any]], units: dict[str, int]) -> dict[str, list[dict[str, Any]]]:
    """The parcel's units by location, taken from the fulfilment orders that wait for them; `units` is used up."""
    found: dict[str, list[dict[str, Any]]] = {}
    for order in orders:
        lines = []
        for line in rows(order.get("line_items")) if text(order.get("status")) in {"open", "in_progress"} else []:
            known = identity(line.get("line_item_id"))
            count = min(units.get(known, 0), whole(line.get("fulfillable_quantity")) or 0)
            if count > 0:
                lines.append({"id": whole(line.get("id")), "quantity": count})
                units[known] -= count
        if lines:
            where = identity(order.get("assigned_location_id"))
            found.setdefault(where, []).append({"fulfillment_order_id": whole(order.get("id")), "fulfillment_order_line_items": lines})
    return found


class WooTalk:
    """The REST API v3; pages are numbered."""

    tells_shipped = True
    needs_number = False

    def __init__(self, account: ChannelAccount) -> None:
        known = account.credentials()
        self._wire = Wire(f"{account.base_url.rstrip('/')}/wp-json/wc/v3", auth=(known.get("apiKey", ""), known.get("apiSecret", "")))

    def page(self, since: datetime, mark: str) -> Page:
        """Orders by modification."""
        number = int(mark or 1)
        said = self._wire.ask("GET", "/orders", params={
            "modified_after": since.strftime("%Y-%m-%dT%H:%M:%S"), "dates_are_gmt": "true", "orderby": "modified", "order": "asc",
            "per_page": PAGE_ROWS, "page": number,
        })
        pages = whole(self._wire.headers.get("X-WP-TotalPages", "")) or number
        return Page([self.completed(order) for order in rows(said)], str(number + 1) if number < pages else "")

    def fetch(self, order_id: str) -> list[Any]:
        """`GET /orders/{id}`."""
        said = self._wire.ask("GET", f"/orders/{order_id}")
        return [self.completed(said)] if isinstance(said, dict) else []

    def completed(self, order: dict[str, Any]) -> dict[str, Any]:
        """The order with what each of its refunds gave back, which its own list leaves out; once it has left nobody asks."""
        refunds = rows(order.get("refunds"))
        if not refunds or text(order.get("status")) not in {"pending", "on-hold", "processing"}:
            return order
        said = self._wire.ask("GET", f"/orders/{identity(order.get('id'))}/refunds", params={"per_page": 100})
        lines = {identity(row.get("id")): {"line_items": row.get("line_items")} for row in rows(said) if isinstance(row.get("line_items"), list)}
        return {**order, "refunds": [{**refund, **lines.get(identity(refund.get("id")), {})} for refund in refunds]}

    def tell_shipped(self, sent: Sent) -> None:
        """The note first, for the buyer, unless it is there; then the status once all is sent, which a repeat leaves as it is."""
        number = sent.tracking_number or sent.reference
        note = f"Sent with {sent.carrier}, {'tracking number' if sent.tracking_number else 'our parcel'} {number}."
        known = self._wire.ask("GET", f"/orders/{sent.order_id}/notes", params={"type": "customer"})
        if not any(number in text(row.get("note"), NOTE_CHARS_MAX) for row in rows(known)):
            self._wire.ask("POST", f"/orders/{sent.order_id}/notes", json={"note": note, "customer_note": True})
        if sent.is_last:
            self._wire.ask("PUT", f"/orders/{sent.order_id}", json={"status": "completed"})


class MagentoTalk:
    """The REST API V1; pages are numbered and the last one repeats, so the count decides."""

    tells_shipped = True
    needs_number = False

    def __init__(self, account: ChannelAccount) -> None:
        token = account.credentials().get("accessToken", "")
        self._wire = Wire(f"{account.base_url.rstrip('/')}/rest/V1", headers={"Authorization": f"Bearer {token}"})

    def page(self, since: datetime, mark: str) -> Page:
        """Orders by `updated_at`."""
        number, field = int(mark or 1), "searchCriteria[filter_groups][0][filters][0]"
        said = self._wire.ask("GET", "/orders", params={
            f"{field}[field]": "updated_at", f"{field}[value]": since.strftime("%Y-%m-%d %H:%M:%S"), f"{field}[condition_type]": "gteq",
            "searchCriteria[sortOrders][0][field]": "updated_at", "searchCriteria[sortOrders][0][direction]": "ASC",
            "searchCriteria[pageSize]": PAGE_ROWS, "searchCriteria[currentPage]": number,
        })
        count = whole(at(said, "total_count")) or 0
        return Page(rows(at(said, "items")), str(number + 1) if number * PAGE_ROWS < count else "")

    def fetch(self, order_id: str) -> list[Any]:
        """`GET /orders/{id}`."""
        said = self._wire.ask("GET", f"/orders/{order_id}")
        return [said] if said else []

    def tell_shipped(self, sent: Sent) -> None:
        """A shipment of these items with its track, unless the order has that track; without a number our own is its comment."""
        field = "searchCriteria[filter_groups][0][filters][0]"
        known = self._wire.ask("GET", "/shipments", params={f"{field}[field]": "order_id", f"{field}[value]": sent.order_id})
        items = [{"order_item_id": whole(line), "qty": units} for line, units in sent.lines]
        said: dict[str, Any] = {"items": items, "notify": True}
        if sent.tracking_number:
            is_known = any(has(row.get("tracks"), "track_number", sent.tracking_number) for row in rows(at(known, "items")))
            said["tracks"] = [{"track_number": sent.tracking_number, "title": sent.carrier, "carrier_code": "custom"}]
        else:
            note = f"Sent with {sent.carrier}, our parcel {sent.reference}."
            is_known = any(has(row.get("comments"), "comment", note) for row in rows(at(known, "items")))
            said |= {"appendComment": True, "comment": {"comment": note, "is_visible_on_front": 0}}
        if not is_known:
            self._wire.ask("POST", f"/order/{sent.order_id}/ship", json=said)


class BigCommerceTalk:
    """The V2 orders; products and addresses of an order are asked for on their own."""

    tells_shipped = True
    needs_number = False

    def __init__(self, account: ChannelAccount) -> None:
        known = account.credentials()
        base = account.base_url or "https://api.bigcommerce.com"
        self._wire = Wire(f"{base.rstrip('/')}/stores/{known.get('storeHash', '')}", headers={"X-Auth-Token": known.get("accessToken", "")})

    def page(self, since: datetime, mark: str) -> Page:
        """Orders by modification."""
        number = int(mark or 1)
        found = rows(self._wire.ask("GET", "/v2/orders", params={
            "min_date_modified": since.isoformat(), "sort": "date_modified:asc", "limit": PAGE_ROWS, "page": number
        }))
        return Page([self._whole(order) for order in found], str(number + 1) if len(found) == PAGE_ROWS else "")

    def fetch(self, order_id: str) -> list[Any]:
        """The order with its parts."""
        said = self._wire.ask("GET", f"/v2/orders/{order_id}")
        return [self._whole(said)] if isinstance(said, dict) else []

    def tell_shipped(self, sent: Sent) -> None:
        """A shipment to the order's first address, unless one has that number, or our own in its comments."""
        known = self._wire.ask("GET", f"/v2/orders/{sent.order_id}/shipments")
        comment = sent.carrier if sent.tracking_number else f"{sent.carrier}, our parcel {sent.reference}"
        if has(known, "tracking_number", sent.tracking_number) if sent.tracking_number else has(known, "comments", comment):
            return
        where = next(iter(rows(self._wire.ask("GET", f"/v2/orders/{sent.order_id}/shipping_addresses"))), {})
        items = [{"order_product_id": whole(line), "quantity": units} for line, units in sent.lines]
        self._wire.ask("POST", f"/v2/orders/{sent.order_id}/shipments", json={
            "order_address_id": whole(where.get("id")), "comments": comment, "items": items,
            **({"tracking_number": sent.tracking_number} if sent.tracking_number else {}),
        })

    def _whole(self, order: dict[str, Any]) -> dict[str, Any]:
        parts = {
            name: rows(self._wire.ask("GET", f"/v2/orders/{identity(order.get('id'))}/{name}")) for name in ("products", "shipping_addresses")
        }
        return {**order, **parts}
