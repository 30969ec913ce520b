"""Amazon, eBay, Etsy, Flipkart and Unicommerce, as their documentation says.

Note [An anchor between two pages]
    eBay and Unicommerce number the rows of what changed and do not say in which order. A row that leaves its place while we
    read moves the later ones up, and the first of the next page was never seen. So each page begins with the last row of the
    page before: where that row is in it, nothing was passed over; where it is not, the page before is read again, and if it
    is not there either, all from the start. What is read twice changes nothing.
"""

from __future__ import annotations

import base64
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from orders.channels.reading import at, has, rows, text
from orders.channels.talking.base import CannotAsk, ChannelRefused, Page, Sent
from orders.channels.talking.wire import Wire

if TYPE_CHECKING:
    from collections.abc import Callable

    from orders.models import ChannelAccount

PAGE_ROWS = 25
AMAZON_DATA = "BUYER,RECIPIENT,PROCEEDS,CANCELLATION,FULFILLMENT,PACKAGES"
_EBAY_FEES = {"fieldGroups": "TAX_BREAKDOWN"}  # without it a fee is in the total and told nowhere
_FLIPKART_KINDS = (
    ("preDispatch", ["APPROVED", "PACKING_IN_PROGRESS", "PACKED", "FORM_FAILED", "READY_TO_DISPATCH"]), ("postDispatch", ["SHIPPED", "DELIVERED"]),
    ("cancelled", ["CANCELLED"]),
)
_FLIPKART_PLACES = {"deliveryAddress", "billingAddress", "buyerDetails"}
AMAZON_TOKENS = "https://api.amazon.com"


class AmazonTalk:
    """Orders of 2026-01-01 and the shipment confirmation; a token of Login with Amazon is taken for each talk."""

    tells_shipped = True
    needs_number = True

    def __init__(self, account: ChannelAccount) -> None:
        self._known = account.credentials()
        self._wire = Wire(account.base_url)
        tokens = AMAZON_TOKENS if account.base_url.endswith(".amazon.com") else account.base_url
        self._tokens = Wire(tokens)
        self._token = ""

    def page(self, since: datetime, mark: str) -> Page:
        """Orders by their last update; the mark is Amazon's own."""
        words = {"includedData": AMAZON_DATA, "marketplaceIds": self._known.get("marketplaceId", ""), "lastUpdatedAfter": _iso(since)}
        said = self._ask("GET", "/orders/2026-01-01/orders", params={**words, **({"paginationToken": mark} if mark else {})})
        return Page(rows(at(said, "orders")), text(at(said, "pagination", "nextToken"), 2000))

    def fetch(self, order_id: str) -> list[Any]:
        """`getOrder`."""
        said = self._ask("GET", f"/orders/2026-01-01/orders/{order_id}", params={"includedData": AMAZON_DATA})
        return [said] if said else []

    def tell_shipped(self, sent: Sent) -> None:
        """`confirmShipment`; the parcel's id is the package's reference."""
        self._ask("POST", f"/orders/v0/orders/{sent.order_id}/shipmentConfirmation", json={
            "marketplaceId": self._known.get("marketplaceId", ""),
            "packageDetail": {
                "packageReferenceId": str(int(sent.shipment_id[:15], 16)), "carrierCode": "Other", "carrierName": sent.carrier,
                "trackingNumber": sent.tracking_number, "shipDate": _iso(sent.at),
                "orderItems": [{"orderItemId": line, "quantity": units} for line, units in sent.lines],
            },
        })

    def _ask(self, method: str, path: str, **words: Any) -> Any:
        if not self._token:
            said = self._tokens.ask("POST", "/auth/o2/token", data={
                "grant_type": "refresh_token", "refresh_token": self._known.get("refreshToken", ""),
                "client_id": self._known.get("clientId", ""), "client_secret": self._known.get("clientSecret", ""),
            })
            self._token = text(at(said, "access_token"), 4000)
            if not self._token:
                raise ChannelRefused("no token was given")
        return self._wire.ask(method, path, headers={"x-amz-access-token": self._token}, **words)


def anchored(ask: Callable[[int], list[dict[str, Any]]], mark: str, name: str) -> tuple[list[dict[str, Any]], str, str]:
    """Rows of the next page, the anchor among them, and the mark of the page after. Note [An anchor between two pages]."""
    place, _, anchor = mark.partition(":")
    start = int(place or 0)
    found = ask(start)
    for again in (max(0, start - PAGE_ROWS), 0) if anchor else ():
        if has(found, name, anchor):
            break
        start, found = again, ask(again)
    last = text(found[-1].get(name), 64) if found else ""
    return found, anchor, f"{start + len(found) - 1}:{last}" if len(found) >= PAGE_ROWS and last else ""


class EbayTalk:
    """The Fulfillment API. Its tokens last two hours: with a refresh token one is taken for each talk."""

    tells_shipped = True
    needs_number = True

    def __init__(self, account: ChannelAccount) -> None:
        self._known = account.credentials()
        self._token = self._known.get("accessToken", "")
        base = (account.base_url or "https://api.ebay.com").rstrip("/")
        self._tokens, self._api = Wire(base), Wire(f"{base}/sell/fulfillment/v1")

    def page(self, since: datetime, mark: str) -> Page:
        """Orders by their last change; Note [An anchor between two pages]."""
        found, _, following = anchored(lambda offset: rows(at(self._ask("GET", "/order", params={
            "filter": f"lastmodifieddate:[{_iso(since)}..]", "limit": PAGE_ROWS, "offset": offset, **_EBAY_FEES
        }), "orders")), mark, "orderId")
        return Page(found, following)

    def _ask(self, method: str, path: str, **words: Any) -> Any:
        if self._known.get("refreshToken") and self._known.get("clientSecret"):
            basic = base64.b64encode(f"{self._known.get('clientId', '')}:{self._known.pop('clientSecret')}".encode()).decode()
            said = self._tokens.ask("POST", "/identity/v1/oauth2/token", headers={"Authorization": f"Basic {basic}"}, data={
                "grant_type": "refresh_token", "refresh_token": self._known["refreshToken"]
            })
            self._token = text(at(said, "access_token"), 4000)
            if not self._token:
                raise ChannelRefused("no token was given")
        return self._api.ask(method, path, headers={"Authorization": f"Bearer {self._token}"}, **words)

    def fetch(self, order_id: str) -> list[Any]:
        """`getOrder`."""
        said = self._ask("GET", f"/order/{order_id}", params=_EBAY_FEES)
        return [said] if said else []

    def tell_shipped(self, sent: Sent) -> None:
        """`createShippingFulfillment`, unless a fulfilment has that number."""
        number, where = "".join(filter(str.isalnum, sent.tracking_number)), f"/order/{sent.order_id}/shipping_fulfillment"
        if has(at(self._ask("GET", where), "fulfillments"), "shipmentTrackingNumber", number):
            return
        self._ask("POST", where, json={
            "lineItems": [{"lineItemId": line, "quantity": units} for line, units in sent.lines], "shippedDate": _iso(sent.at),
            "shippingCarrierCode": sent.carrier, "trackingNumber": number,
        })


class EtsyTalk:
    """The Open API v3."""

    tells_shipped = True
    needs_number = False

    def __init__(self, account: ChannelAccount) -> None:
        known = account.credentials()
        base = account.base_url or "https://openapi.etsy.com"
        headers = {"x-api-key": known.get("apiKey", ""), "Authorization": f"Bearer {known.get('accessToken', '')}"}
        self._wire = Wire(f"{base.rstrip('/')}/v3/application/shops/{known.get('shopId', '')}", headers=headers)

    def page(self, since: datetime, mark: str) -> Page:
        """Receipts by their last change; the mark is the offset."""
        offset = int(mark or 0)
        said = self._wire.ask("GET", "/receipts", params={
            "min_last_modified": int(since.timestamp()), "sort_on": "updated", "sort_order": "asc", "limit": PAGE_ROWS, "offset": offset
        })
        found = rows(at(said, "results"))
        return Page(found, str(offset + PAGE_ROWS) if len(found) == PAGE_ROWS else "")

    def fetch(self, order_id: str) -> list[Any]:
        """`getShopReceipt`."""
        said = self._wire.ask("GET", f"/receipts/{order_id}")
        return [said] if said else []

    def tell_shipped(self, sent: Sent) -> None:
        """`createReceiptShipment`, unless the receipt has a shipment of that code; without a number the receipt is `was_shipped` with its last parcel."""
        known = self._wire.ask("GET", f"/receipts/{sent.order_id}")
        if not sent.tracking_number:
            if sent.is_last and at(known, "is_shipped") is not True:
                self._wire.ask("PUT", f"/receipts/{sent.order_id}", json={"was_shipped": True})
            return
        if has(at(known, "shipments"), "tracking_code", sent.tracking_number):
            return
        self._wire.ask("POST", f"/receipts/{sent.order_id}/tracking", json={"tracking_code": sent.tracking_number, "carrier_name": sent.carrier})


class FlipkartTalk:
    """The seller API v3. Labels and dispatch are Flipkart's own process: nothing is told of a parcel."""

    tells_shipped = False
    needs_number = True

    def __init__(self, account: ChannelAccount) -> None:
        token = account.credentials().get("accessToken", "")
        base = account.base_url or "https://api.flipkart.net/sellers"
        self._wire = Wire(base, headers={"Authorization": f"Bearer {token}"})

    def page(self, since: datetime, mark: str) -> Page:
        """Shipments by their last change, of one kind after the other; the mark is the kind's place and the address Flipkart gives.

        The kinds follow each other as a shipment goes through them: one that changes its kind meanwhile is seen later.
        """
        said_place, _, following = mark.partition(" ")
        place = int(said_place) if said_place.isdigit() else 0
        kind, states = _FLIPKART_KINDS[place]
        window = {"from": _iso(since), "to": _iso(datetime.now(UTC))}
        wish = {"filter": {"type": kind, "states": states, "modifiedDate": window}}
        said = self._wire.ask("GET", following) if following else self._wire.ask("POST", "/v3/shipments/filter", json=wish)
        more = text(at(said, "nextPageUrl"), 900) if at(said, "hasMore") is not False else ""
        further = f"{place + 1} " if place + 1 < len(_FLIPKART_KINDS) else ""
        return Page(self._addressed(rows(at(said, "shipments"))), f"{place} {more}" if more.startswith("/") else further)

    def fetch(self, order_id: str) -> list[Any]:
        """The shipment by its id."""
        return self._addressed(rows(at(self._wire.ask("GET", "/v3/shipments", params={"shipmentIds": order_id}), "shipments")))

    def _addressed(self, shipments: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """The shipments with where they go, which a call of its own tells."""
        found: dict[str, dict[str, Any]] = {}
        known = [text(one.get("shipmentId"), 64) for one in shipments]
        for start in range(0, len(known), PAGE_ROWS):
            said = self._wire.ask("GET", f"/v3/shipments/{','.join(known[start : start + PAGE_ROWS])}")
            found.update({text(one.get("shipmentId"), 64): one for one in rows(at(said, "shipments"))})
        return [
            {**{name: value for name, value in found.get(text(one.get("shipmentId"), 64), {}).items() if name in _FLIPKART_PLACES}, **one} for one in shipments
        ]

    def tell_shipped(self, sent: Sent) -> None:
        """Never called."""
        raise CannotAsk(f"Flipkart dispatches {sent.order_id} itself.")


class UnicommerceTalk:
    """The sale orders of Uniware. Parcels are booked there: nothing is told of one."""

    tells_shipped = False
    needs_number = True

    def __init__(self, account: ChannelAccount) -> None:
        token = account.credentials().get("accessToken", "")
        self._wire = Wire(f"{account.base_url.rstrip('/')}/services/rest/v1/oms", headers={"Authorization": f"bearer {token}"})

    def page(self, since: datetime, mark: str) -> Page:
        """Sale orders updated since, each then asked for whole; Note [An anchor between two pages]."""
        minutes = max(1, int((datetime.now(UTC) - since).total_seconds() // 60) + 1)
        found, anchor, following = anchored(lambda start: rows(at(self._ask("/saleOrder/search", {
            "updatedSinceInMinutes": minutes, "searchOptions": {"displayStart": start, "displayLength": PAGE_ROWS}
        }), "elements")), mark, "code")
        codes = [text(row.get("code"), 64) for row in found]
        return Page([body for code in codes if code and code != anchor for body in self.fetch(code)], following)

    def fetch(self, order_id: str) -> list[Any]:
        """`saleorder/get`."""
        said = self._ask("/saleorder/get", {"code": order_id})
        return [said] if at(said, "saleOrderDTO") else []

    def _ask(self, path: str, wish: dict[str, Any]) -> Any:
        """Uniware answers 200 to what it refuses, too, and says so within."""
        said = self._wire.ask("POST", path, json=wish)
        if at(said, "successful") is False:
            why = next((text(error.get(name), 150) for error in rows(at(said, "errors")) for name in ("description", "message") if error.get(name)), "")
            raise ChannelRefused(f"{path} was refused: {why or text(at(said, 'message'), 150) or 'no reason was given'}")
        return said

    def tell_shipped(self, sent: Sent) -> None:
        """Never called."""
        raise CannotAsk(f"Unicommerce books the parcels of {sent.order_id} itself.")


def _iso(at_: datetime) -> str:
    return at_.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")
