"""Where a return is, for its stepper: in staff's words, and in the customer's."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from orders.models import Return
from orders.pages.order_sheet import Step

if TYPE_CHECKING:
    from datetime import datetime

S = Return.Status
_PATH: Final = (
    (S.REQUESTED, "Asked for", "Asked for"), (S.APPROVED, "Approved", "Approved"),
    (S.PICKUP_BOOKED, "Pickup booked", "Pickup booked"), (S.ON_THE_WAY, "On the way", "On its way to us"),
    (S.RECEIVED, "Received", "Arrived"), (S.INSPECTED, "Inspected", "Looked at"), (S.CLOSED, "Closed", "Done"),
)
_ENDED: Final = {S.DECLINED: "Declined", S.CANCELLED: "Called off", S.EXPIRED: "Expired"}
OUTCOMES: Final = {
    "refunded": "Your money is on its way back to you", "exchanged": "You get something else instead",
    "customer_keeps": "You may keep the goods", "lost": "The goods were lost on the way", "nothing_given": "This return is closed",
}
_SAYS: Final = {
    S.REQUESTED: "We look at your request and answer soon", S.APPROVED: "Please send the goods",
    S.PICKUP_BOOKED: "The goods are fetched soon", S.ON_THE_WAY: "The goods are on their way to us",
    S.RECEIVED: "The goods are here and are being looked at", S.INSPECTED: "The goods are fine; your money comes next",
    S.DECLINED: "We cannot take the goods back", S.CANCELLED: "You keep the goods", S.EXPIRED: "The goods did not come in time",
}


def steps(ret: Return, *, as_staff: bool) -> list[Step]:
    """The path of a return; one that ended early ends where it ended. Stops it did not make are left out once it went on."""
    words = {status: (staff if as_staff else own) for status, staff, own in _PATH}
    at = _moments(ret)
    order = [status for status, _, _ in _PATH]
    if ret.status in _ENDED:
        done = [Step(words[status], at[status], "done") for status in order if at[status] is not None]
        return [*done, Step(_ENDED[S(ret.status)], ret.ended_at, "ended")]
    here = order.index(S(ret.status))
    found = []
    for place, status in enumerate(order):
        if place == here:
            found.append(Step(words[status], ret.state_since, "now"))
        elif place > here:
            found.append(Step(words[status], None, "todo"))
        elif at[status] is not None:
            found.append(Step(words[status], at[status], "done"))
    return found


def says(ret: Return) -> str:
    """Where it is, in one sentence for the customer."""
    if ret.status == S.CLOSED:
        return OUTCOMES.get(ret.outcome, "This return is closed")
    return _SAYS[S(ret.status)]


def _moments(ret: Return) -> dict[Return.Status, datetime | None]:
    fetched = min((row.shipment.shipped_at for row in ret.parcels.all() if row.shipment.is_reverse and row.shipment.shipped_at), default=None)
    booked = min((row.created_at for row in ret.parcels.all() if row.shipment.is_reverse), default=None)
    return {
        S.REQUESTED: ret.created_at, S.APPROVED: ret.approved_at, S.PICKUP_BOOKED: booked, S.ON_THE_WAY: fetched,
        S.RECEIVED: ret.received_at, S.INSPECTED: ret.inspected_at, S.CLOSED: ret.ended_at,
    }
