"""Amazon, eBay, Etsy, Flipkart and Unicommerce, as their documentation says."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from orders.channels.reading import at, has, rows, text
from orders.channels.talking.base import CannotAsk, ChannelRefused, Page, Sent
from orders.channels.talking.wire import Wire

if TYPE_CHECKING:
    from orders.models import ChannelAccount

PAGE_ROWS = 25
AMAZON_DATA = "BUYER,RECIPIENT,PROCEEDS,CANCELLATION,FULFILLMENT,PACKAGES"
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


class EbayTalk:
    """The Fulfillment API."""

    tells_shipped = True
    needs_number = True

    def __init__(self, account: ChannelAccount) -> None:
        token = account.credentials().get("accessToken", "")
        base = account.base_url or "https://api.ebay.com"
        self._wire = Wire(f"{base.rstrip('/')}/sell/fulfillment/v1", headers={"Authorization": f"Bearer {token}"})

    def page(self, since: datetime, mark: str) -> Page:
        """Orders by their last change; the mark is the offset."""
        offset = int(mark or 0)
        said = self._wire.ask("GET", "/order", params={
            "filter": f"lastmodifieddate:[{_iso(since)}..]", "limit": PAGE_ROWS, "offset": offset
        })
        found = rows(at(said, "orders"))
        return Page(found, str(offset + PAGE_ROWS) if at(said, "next") and found else "")

    def fetch(self, order_id: str) -> list[Any]:
        """`getOrder`."""
        said = self._wire.ask("GET", f"/order/{order_id}")
        return [said] if said else []

    def tell_shipped(self, sent: Sent) -> None:
        """`createShippingFulfillment`, unless a fulfilment has that number."""
        number, where = "".join(filter(str.isalnum, sent.tracking_number)), f"/order/{sent.order_id}/shipping_fulfillment"
        if has(at(self._wire.ask("GET", where), "fulfillments"), "shipmentTrackingNumber", number):
            return
        self._wire.ask("POST", where, json={
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
        """Shipments by their last change; the mark is the address Flipkart gives."""
        window = {"from": _iso(since), "to": _iso(datetime.now(UTC))}
        wish = {"filter": {"states": ["APPROVED", "PACKED", "READY_TO_DISPATCH", "SHIPPED", "DELIVERED", "CANCELLED"], "modifiedDate": window}}
        said = self._wire.ask("GET", mark) if mark else self._wire.ask("POST", "/v3/shipments/filter", json=wish)
        following = text(at(said, "nextPageUrl"), 900)
        return Page(rows(at(said, "shipments")), following if following.startswith("/") else "")

    def fetch(self, order_id: str) -> list[Any]:
        """The shipment by its id."""
        return rows(at(self._wire.ask("GET", "/v3/shipments", params={"shipmentIds": order_id}), "shipments"))

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
        """Sale orders updated since, each then asked for whole; the mark is the place of the next."""
        start = int(mark or 0)
        minutes = max(1, int((datetime.now(UTC) - since).total_seconds() // 60) + 1)
        said = self._wire.ask("POST", "/saleOrder/search", json={
            "updatedSinceInMinutes": minutes, "searchOptions": {"displayStart": start, "displayLength": PAGE_ROWS}
        })
        codes = [text(row.get("code"), 64) for row in rows(at(said, "elements"))]
        bodies = [body for code in codes if code for body in self.fetch(code)]
        return Page(bodies, str(start + PAGE_ROWS) if len(codes) == PAGE_ROWS else "")

    def fetch(self, order_id: str) -> list[Any]:
        """`saleorder/get`."""
        said = self._wire.ask("POST", "/saleorder/get", json={"code": order_id})
        return [said] if at(said, "saleOrderDTO") else []

    def tell_shipped(self, sent: Sent) -> None:
        """Never called."""
        raise CannotAsk(f"Unicommerce books the parcels of {sent.order_id} itself.")


def _iso(at_: datetime) -> str:
    return at_.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")
