"""karrio's own library behind the small face our adapter needs. Imported by nothing but that adapter, when it is first used."""

from __future__ import annotations

from typing import Any

import attr
import karrio.sdk as karrio
from karrio.core import models

from shipping.carriers.base import CarrierMisconfigured

Rows = list[dict[str, Any]]


class SdkTalk:
    """One gateway of karrio."""

    def __init__(self, connector: str, credentials: dict[str, Any]) -> None:
        try:
            self._gateway = karrio.gateway[connector].create(dict(credentials))
        except Exception as error:
            raise CarrierMisconfigured(f"karrio does not make a gateway of {connector}: {type(error).__name__}") from error

    def rates(self, wish: dict[str, Any]) -> tuple[Rows, Rows]:
        """Offers."""
        found, said = karrio.Rating.fetch(models.RateRequest(**_typed(wish))).from_(self._gateway).parse()
        return [attr.asdict(row) for row in found or []], _messages(said)

    def ship(self, wish: dict[str, Any]) -> tuple[dict[str, Any] | None, Rows]:
        """A booking."""
        found, said = karrio.Shipment.create(models.ShipmentRequest(**_typed(wish))).from_(self._gateway).parse()
        if found is None:
            return None, _messages(said)
        label = getattr(found.docs, "label", None)
        return {"tracking_number": found.tracking_number, "label": label}, _messages(said)

    def cancel(self, number: str) -> tuple[dict[str, Any] | None, Rows]:
        """Call a booking off."""
        wish = models.ShipmentCancelRequest(shipment_identifier=number)
        found, said = karrio.Shipment.cancel(wish).from_(self._gateway).parse()
        return (None if found is None else {"success": bool(found.success)}), _messages(said)

    def track(self, number: str) -> tuple[Rows, Rows]:
        """What was seen."""
        found, said = karrio.Tracking.fetch(models.TrackingRequest(tracking_numbers=[number])).from_(self._gateway).parse()
        return [attr.asdict(row) for row in found or []], _messages(said)


def _typed(wish: dict[str, Any]) -> dict[str, Any]:
    """The wish with karrio's own values for addresses and parcels."""
    return {
        **wish,
        "shipper": models.Address(**wish["shipper"]),
        "recipient": models.Address(**wish["recipient"]),
        "parcels": [models.Parcel(**box) for box in wish["parcels"]],
    }


def _messages(said: Any) -> Rows:
    return [{"code": str(row.code or ""), "message": str(row.message or "")} for row in said or []]
