"""Every event the system can say: its kind, whether customers see it, and its sentence.

A sentence is a template over the event's facts: `{amount_minor:money}` prints money in the currency of the fact `amount_currency`, else of `currency`,
`{item_count:units}` a number of items, `{quantity}` a value; a fact that
is not there prints as nothing. `type` is the word of the order timeline in REQUIREMENTS B20,
`activity` the name the same thing has among the order activities of REQUIREMENTS E11 to E28.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from timeline.currencies import plain

if TYPE_CHECKING:
    from collections.abc import Mapping

CREATED, STATUS_CHANGED, PAYMENT_RECEIVED = "created", "status_changed", "payment_received"
SHIPPED, DELIVERED, CANCELLED, REFUNDED, NOTE_ADDED = "shipped", "delivered", "cancelled", "refunded", "note_added"


@dataclass(frozen=True, slots=True)
class Kind:
    """One word of the vocabulary."""

    kind: str
    public: bool
    sentence: str
    type: str = STATUS_CHANGED
    activity: str = ""
    tracking: str = ""
    stage: str = ""


class UnknownKind(ValueError):
    """An event must be in the vocabulary before it can be said."""


_KINDS: tuple[Kind, ...] = (
    # The order itself.
    Kind("order.placed", True, "Order placed: {item_count:units}, {total_minor:money}", CREATED, activity="OrderGroupCreated", tracking="orders.submitted", stage="received"),
    Kind("order.imported", False, "Taken over from {channel}: order {channel_order_number}, there {channel_status}"),
    Kind("order.channel_told", False, "{channel} says: {channel_status}"),
    Kind("order.confirmed", True, "Order confirmed", stage="reserved"),
    Kind("order.processing_started", True, "Packing started", activity="OrderGroupInProgress", stage="picked"),
    Kind("order.shipped", True, "Shipped with {carrier} {tracking_number}", SHIPPED, stage="shipped"),
    Kind("order.delivered", True, "Delivered", DELIVERED, activity="OrderGroupCompleted", stage="delivered"),
    Kind("order.cancelled", True, "Cancelled ({code})", CANCELLED, activity="OrderGroupCancelled", stage="closed"),
    Kind("order.units_cancelled", True, "{units:units} cancelled ({code})"),
    Kind("order.refunded", True, "All money has gone back: {amount_minor:money}", stage="closed"),
    Kind("order.held", False, "Put on hold ({reason})", activity="OrderGroupOnHold"),
    Kind("order.released", False, "Hold released ({reason})", activity="OrderGroupInProgress"),
    Kind("order.tagged", False, "Tagged {tag}"),
    Kind("order.untagged", False, "Tag {tag} taken off"),
    Kind("order.assigned", False, "{assignee} looks after it"),
    Kind("order.unassigned", False, "Nobody looks after it now, {before} did"),
    Kind("risk.assessed", False, "Risk {score} of 100: {verdict}"),
    Kind("risk.reviewed", False, "Risk reviewed: {verdict}"),
    Kind("risk.rules_changed", False, "Rules of risk changed: version {version}"),
    Kind("risk.blocked", False, "Blocked for risk: {kind} ({reason})"),
    Kind("risk.unblocked", False, "No longer blocked for risk: {kind}"),
    Kind("order.edit_staged", False, "A change of the order is prepared"),
    Kind("order.edit_changed", False, "The prepared change is another now"),
    Kind("order.edit_committed", False, "The prepared change is made"),
    Kind("order.edit_discarded", False, "The prepared change is dropped"),
    Kind("order.edited", True, "Order changed: {item_count:units}, {total_minor:money}"),
    Kind("order.coupon_added", True, "Coupon {discount_code} used: {amount_minor:money} off", activity="PromotionAddCoupon"),
    Kind("order.coupon_removed", True, "Coupon {discount_code} taken away", activity="PromotionRemoveCoupon"),
    Kind("order.discounted", True, "Discount of {amount_minor:money} given", activity="PromotionManualDiscount"),
    Kind("order.axes_changed", False, "Payment is {payment_state}, fulfilment is {fulfilment_state}"),
    Kind("note.added", False, "Note", NOTE_ADDED),
    Kind("note.edited", False, "Note corrected", NOTE_ADDED),
    Kind("note.retracted", False, "Note retracted", NOTE_ADDED),
    Kind("staff.added", False, "{member} works here now"),
    Kind("staff.role_given", False, "{member} is {role} now"),
    Kind("staff.role_taken", False, "{member} is {role} no longer"),
    Kind("mentions.read", False, "Mentions read"),
    # Tickets: somebody asks about an order.
    Kind("ticket.opened", True, "Ticket opened ({topic})", NOTE_ADDED),
    Kind("ticket.written", False, "Written on a ticket", NOTE_ADDED),
    Kind("ticket.assigned", False, "Ticket is for {assignee}"),
    Kind("ticket.answered", False, "Ticket answered"),
    Kind("ticket.asked", False, "Ticket waits for an answer"),
    Kind("ticket.closed", True, "Ticket closed"),
    Kind("ticket.reopened", True, "Ticket opened again"),
    Kind("ticket.desk_told", False, "The help desk has the ticket as {reference}"),
    # What operators have to know of.
    Kind("alert.raised", False, "Alert: {says}"),
    Kind("alert.over", False, "Alert is over: {rule}"),
    # Long work: a file's rows, and what came of them.
    Kind("job.asked", False, "Job of {total} rows asked for"),
    Kind("job.started", False, "Job started"),
    Kind("job.called_off", False, "Job called off"),
    Kind("job.finished", False, "Job done: {ok} done, {unchanged} unchanged, {failed} refused"),
    Kind("job.failed", False, "Job stopped: {error}"),
    Kind("job.cancelled", False, "Job ended early: {ok} done, {unchanged} unchanged, {failed} refused"),
    Kind("job.retried", False, "Job taken up again"),
    # Exports.
    Kind("export.requested", False, "Export of {source} as {format} asked for"),
    Kind("export.started", False, "Export started"),
    Kind("export.called_off", False, "Export called off"),
    Kind("export.ready", False, "Export ready: {rows} rows"),
    Kind("export.failed", False, "Export stopped: {error}"),
    Kind("export.cancelled", False, "Export cancelled"),
    Kind("export.retried", False, "Export taken up again"),
    Kind("export.downloaded", False, "Export downloaded: {rows} rows"),
    Kind("export.expired", False, "Export expired; its file is gone"),
    Kind("export.revoked", False, "Export revoked; its file is gone"),
    Kind("export.recalled", False, "Export is written anew without what may not be kept"),
    Kind("saved_view.added", False, "View saved: {view}"),
    Kind("saved_view.changed", False, "View changed: {view}"),
    Kind("saved_view.removed", False, "View dropped: {view}"),
    Kind("saved_view.alerted", False, "More than {threshold} orders in the view {view}: {count} and above"),
    Kind("saved_view.recovered", False, "Not more than {threshold} orders in the view {view} any more: {count}"),
    Kind("export_schedule.added", False, "Export of every month added: {schedule}"),
    Kind("export_schedule.changed", False, "Export of every month changed: {schedule}"),
    Kind("export_schedule.stopped", False, "Export of every month stopped: {schedule} ({reason})"),
    # The checkout.
    Kind("checkout.started", False, "Cart started"),
    Kind("checkout.changed", False, "Cart changed: {what}"),
    Kind("checkout.coupon_added", False, "Coupon {discount_code} entered", activity="PromotionAddCoupon"),
    Kind("checkout.coupon_removed", False, "Coupon {discount_code} taken away", activity="PromotionRemoveCoupon"),
    Kind("checkout.held", False, "Stock held until {until}"),
    Kind("checkout.completed", False, "Checkout completed"),
    Kind("checkout.failed", False, "Checkout failed ({reason})"),
    Kind("checkout.expired", False, "Checkout expired"),
    Kind("checkout.abandoned", False, "Checkout abandoned"),
    Kind("checkout.resumed", False, "Checkout taken up again"),
    # Money in.
    Kind("payment.opened", False, "Payment of {amount_minor:money} opened"),
    Kind("payment.accepted", False, "{gateway} is ready to take {amount_minor:money}"),
    Kind("payment.authorized", True, "Payment of {amount_minor:money} authorised", stage="validated"),
    Kind("payment.capture_asked", False, "Capture of {amount_minor:money} asked for"),
    Kind("payment.captured", True, "Payment of {amount_minor:money} received", PAYMENT_RECEIVED, activity="AddingPayment", stage="validated"),
    Kind("payment.failed", True, "Payment failed ({reason})"),
    Kind("payment.doubted", False, "The gateway did not answer; asking again"),
    Kind("payment.retried", True, "Another payment attempt"),
    Kind("payment.superseded", False, "Payment of {amount_minor:money} is not asked for any more"),
    Kind("payment.mismatched", False, "Payment differs: expected {expected_minor:money}, got {got_minor:money}"),
    Kind("notice.taken", False, "Notice of {provider}: {notice_kind}"),
    # Money back.
    Kind("refund.requested", True, "Refund of {amount_minor:money} asked for"),
    Kind("refund.declined", True, "Refund request declined"),
    Kind("refund.asked", True, "Refund of {amount_minor:money} started", activity="CreatingRefund"),
    Kind("refund.issued", False, "Refund of {refund_amount_minor:money} issued ({refund_method} {processor_ref})"),
    Kind("refund.processed", True, "Refund of {amount_minor:money} done", REFUNDED),
    Kind("refund.failed", False, "Refund of {amount_minor:money} failed ({reason})"),
    Kind("refund.doubted", False, "The gateway did not answer about the refund; asking again"),
    Kind("refund.goods_back", False, "Goods of a refund: {units:units} taken back"),
    Kind("refund.speed_changed", False, "Refund of {amount_minor:money} goes at {speed} speed"),
    # Disputes.
    Kind("dispute.opened", False, "Dispute of {amount_minor:money} opened ({reason_code})"),
    Kind("dispute.reviewed", False, "Dispute of {amount_minor:money} is under review"),
    Kind("dispute.evidence_asked", False, "Evidence for the dispute is due by {respond_by}"),
    Kind("dispute.contested", False, "Dispute of {amount_minor:money} contested"),
    Kind("dispute.conceded", False, "Dispute of {amount_minor:money} accepted"),
    Kind("dispute.answer_refused", False, "The gateway did not take our answer to the dispute ({reason})"),
    Kind("dispute.deducted", False, "{amount_minor:money} held back for the dispute"),
    Kind("dispute.won", False, "Dispute of {amount_minor:money} won"),
    Kind("dispute.lost", False, "Dispute of {amount_minor:money} lost"),
    Kind("dispute.closed", False, "Dispute of {amount_minor:money} closed"),
    # Settlements, bank, cash, the books.
    Kind("settlement.booked", False, "Settlement {processor_ref} of {amount_minor:money} booked"),
    Kind("settlement.amended", False, "Settlement {processor_ref} has further lines of {amount_minor:money}"),
    Kind("settlement.matched", False, "Line {processor_ref} of a settlement explained"),
    Kind("bank_statement.imported", False, "Bank statement imported: {lines} lines"),
    Kind("bank_line.matched", False, "{amount_minor:money} at the bank, UTR {utr}"),
    Kind("remittance.booked", False, "Cash of {amount_minor:money} remitted by {carrier}"),
    Kind("adjustment.made", False, "Adjustment of {amount_minor:money} ({cause})"),
    Kind("day.closed", False, "Day {day} closed"),
    # Documents.
    Kind("invoice.issued", True, "Invoice {number} over {amount_minor:money}"),
    Kind("credit_note.issued", True, "Credit note {number} over {amount_minor:money}"),
    # Reconciliation.
    Kind("case.opened", False, "Difference found: {cause}, {amount_minor:money}"),
    Kind("case.resolved", False, "Difference explained: {cause} ({resolution})"),
    Kind("case.reopened", False, "Difference is back: {cause}"),
    Kind("case.changed", False, "Difference is now {amount_minor:money}: {cause}"),
    Kind("case.snoozed", False, "Difference put off until {until}: {cause}"),
    Kind("reconciliation.done", False, "Reconciled {day}: {found} differences, {unexplained} unexplained"),
    # Fulfilments: what one warehouse ships.
    Kind("fulfilment.planned", False, "{units:units} to ship from {warehouse}", activity="ShipmentReleased"),
    Kind("fulfilment.changed", False, "Fulfilment changed ({what}): {units:units} from {warehouse}"),
    Kind("fulfilment.awaiting", False, "{units:units} wait for stock", activity="ShipmentAwaitingInventory"),
    Kind("fulfilment.scheduled", False, "{units:units} to ship from {release_at}"),
    Kind("fulfilment.released", False, "{units:units} released at {warehouse}", activity="ShipmentReleased"),
    Kind("fulfilment.picking_started", False, "Picking started at {warehouse}", activity="ShipmentPacking"),
    Kind("fulfilment.put_back", False, "Picking left for another at {warehouse}"),
    Kind("fulfilment.packed", False, "Packed at {warehouse}: {units:units}"),
    Kind("fulfilment.handed_over", False, "Handed over at {warehouse}"),
    Kind("fulfilment.cancelled", False, "Fulfilment cancelled: {units:units} from {warehouse}", activity="ShipmentCancelled"),
    Kind("fulfilment.short", False, "{units:units} not found at {warehouse}"),
    Kind("fulfilment.settled", False, "{units:units} of a parcel that did not arrive: {outcome}"),
    # Parcels.
    Kind("shipment.booked", False, "Parcel booked with {carrier}"),
    Kind("shipment.labelled", False, "Label {tracking_number} printed", stage="packed"),
    Kind("shipment.shipped", True, "Parcel {tracking_number} handed to {carrier}", activity="ShipmentShipped"),
    Kind("shipment.scanned", True, "Parcel {tracking_number}: {scan}"),
    Kind("shipment.sighted", False, "Parcel {tracking_number}: {count} scans that move nothing ({source})"),
    Kind("shipment.scan_unknown", False, "Parcel {tracking_number}: scan of unknown code {codes}"),
    Kind("shipment.flagged", False, "Parcel wants a look: {flags}"),
    Kind("shipment.flags_answered", False, "Looked at: {flags}"),
    Kind("shipment.next_step_set", False, "Next: {next_step}"),
    Kind("shipment.delivered", True, "Parcel {tracking_number} delivered"),
    Kind("shipment.cancelled", False, "Parcel cancelled ({code})", activity="ShipmentCancelled"),
    Kind("shipment.returning", True, "Parcel {tracking_number} is coming back"),
    Kind("shipment.returned", False, "Parcel {tracking_number} received back"),
    Kind("shipment.lost", False, "Parcel {tracking_number} lost"),
    Kind("shipment.damaged", False, "Parcel {tracking_number} damaged on its way"),
    Kind("claim.opened", False, "{carrier} owes {amount_minor:money} for a {loss} parcel"),
    Kind("claim.filed", False, "Claim of {amount_minor:money} filed with {carrier} ({reference})"),
    Kind("claim.paid", False, "{carrier} paid {amount_minor:money} of a claim"),
    Kind("claim.refused", False, "{carrier} refused a claim of {amount_minor:money}"),
    Kind("claim.dropped", False, "Claim of {amount_minor:money} on {carrier} dropped"),
    Kind("manifest.opened", False, "Manifest {number}: {parcels} parcels for {carrier}"),
    Kind("manifest.handed_over", False, "Manifest {number}: {parcels} parcels handed to {carrier}"),
    Kind("manifest.dropped", False, "Manifest {number} dropped"),
    Kind("carrier_notice.taken", False, "Notice of {carrier}"),
    Kind("shipment.inspected", False, "Units of parcel {tracking_number} inspected"),
    # Returns.
    Kind("return.requested", True, "Return {number} asked for: {item_count:units}, {refund_amount_minor:money}", activity="ReturnCreated"),
    Kind("return.approved", True, "Return {number} approved"),
    Kind("return.declined", True, "Return {number} declined"),
    Kind("return.cancelled", True, "Return {number} called off"),
    Kind("return.expired", True, "Return {number} expired: the goods were not sent"),
    Kind("return.photo_added", False, "Photo added to return {number}"),
    Kind("return.pickup_booked", True, "Pickup for return {number} booked with {carrier}"),
    Kind("return.pickup_failed", True, "Pickup for return {number} called off"),
    Kind("return.picked_up", True, "Return {number} is on its way to us"),
    Kind("return.received", True, "Return {number} received: {item_count:units}", activity="ReturnReceiptItems"),
    Kind("return.inspected", False, "Return {number} inspected"),
    Kind("return.sent_back", True, "{item_count:units} of return {number} go back to you"),
    Kind("return.exchanged", True, "Return {number} exchanged for order {exchange_number}"),
    Kind("return.exchange_undone", True, "Exchange of return {number} called off"),
    Kind("return.closed", True, "Return {number} closed ({outcome})"),
    Kind("return_rule.changed", False, "Days to send {sku} back: {days}"),
    # Stock and catalogue.
    Kind("stock.received", False, "{quantity} of {sku} received at {warehouse}"),
    Kind("stock.adjusted", False, "Stock of {sku} at {warehouse} changed by {delta}"),
    Kind("stock.transferred", False, "{quantity} of {sku} moved from {warehouse} to {to_warehouse}"),
    Kind("stock.restocked", False, "{quantity} units back at {warehouse}"),
    Kind("stock.kept_elsewhere", False, "{quantity} units lie at {warehouse}, as its keeper says"),
    Kind("stock.damaged", False, "{quantity} of {sku} at {warehouse} set aside as damaged"),
    Kind("stock.repaired", False, "{quantity} of {sku} at {warehouse} repaired"),
    Kind("stock.scrapped", False, "{quantity} damaged of {sku} at {warehouse} scrapped"),
    Kind("stock.ran_low", False, "Only {available} of {sku} left at {warehouse}"),
    Kind("stock.recovered", False, "{sku} at {warehouse} is not low any more"),
    Kind("stock.watched", False, "Safety stock of {sku} at {warehouse} is {safety}, low at {reorder_at}"),
    Kind("stock.rebuilt", False, "Stock of {sku} rebuilt from its ledger"),
    Kind("transfer.sent", False, "{quantity} of {sku} sent from {warehouse} to {to_warehouse}"),
    Kind("transfer.received", False, "{quantity} of {sku} received at {to_warehouse}, {short} short"),
    Kind("transfer.called_back", False, "{quantity} of {sku} are back at {warehouse}"),
    Kind("count.entered", False, "{quantity} of {sku} counted at {warehouse}"),
    Kind("count.confirmed", False, "Count at {warehouse} confirmed: {delta} of {sku}"),
    Kind("count.discarded", False, "Count at {warehouse} discarded"),
    Kind("backorder.opened", True, "{quantity} of {sku} will follow when they are in"),
    Kind("backorder.filled", True, "{quantity} of {sku} are in"),
    Kind("backorder.ended", False, "{quantity} of {sku} are waited for no more"),
    Kind("hold.expired", False, "Held stock set free"),
    Kind("channel_account.added", False, "Channel {account} added"),
    Kind("channel_account.changed", False, "Channel {account} changed"),
    Kind("channel_notice.taken", False, "Message of {channel} taken in"),
    Kind("channel_import.held", False, "Order {channel_order_id} of {channel} waits for a person: {reasons}"),
    Kind("channel_import.placed", False, "Order {channel_order_id} of {channel} is {number}"),
    Kind("channel_import.changed", False, "{channel} told order {channel_order_id} anew"),
    Kind("channel_import.disputed", False, "{channel} and we disagree about order {channel_order_id}: {reasons}"),
    Kind("channel_import.resolved", False, "Decided about order {channel_order_id} of {channel}"),
    Kind("channel_import.dismissed", False, "Order {channel_order_id} of {channel} dismissed"),
    Kind("channel_import.told_back", False, "{channel} was told of {tracking_number}"),
    Kind("channel_sale.booked", False, "Sale through {channel} booked: {amount_minor:money}"),
    Kind("channel_sale.reversed", False, "Sale through {channel} taken back: {amount_minor:money}"),
    Kind("warehouse.added", False, "Warehouse {warehouse} added"),
    Kind("warehouse.counted", False, "Count {reference} of {warehouse}: {skus} SKUs, {changed} changed, {refused} refused"),
    Kind("warehouse.dispatched", False, "{warehouse} says that parcel {parcel} left"),
    Kind("conflict.opened", False, "{warehouse} and we disagree about {about}: {conflict}"),
    Kind("conflict.resolved", False, "Disagreement about {about} resolved: {conflict} ({resolution})"),
    Kind("product.added", False, "Product added"),
    Kind("product.changed", False, "Product changed"),
    Kind("discount.added", False, "Discount {code} added"),
    # Who hears of it all.
    Kind("endpoint.added", False, "Webhooks go to {endpoint}"),
    Kind("endpoint.changed", False, "Webhooks to {endpoint} changed"),
    Kind("endpoint.disabled", False, "Webhooks to {endpoint} stopped ({reason})"),
    Kind("endpoint.replayed", False, "Events sent to {endpoint} again"),
    Kind("endpoint.tested", False, "Test message to {endpoint}"),
    Kind("endpoint.dropped", False, "A message to {endpoint} is not sent any more"),
    Kind("endpoint.removed", False, "Nothing more goes to {endpoint}"),
    Kind("tracking.changed", False, "Tracking {tracking} changed ({what})"),
    # People and messages.
    Kind("session.identified", False, "Signed in", tracking="sessions.identified"),
    Kind("checkout.transferred", False, "Cart taken over at sign-in"),
    Kind("order.transferred", False, "Order taken over at sign-in"),
    Kind("person.added", False, "Customer added"),
    Kind("person.erased", False, "Customer erased"),
    Kind("person.swept", False, "What came about an erased customer was emptied"),
    Kind("personal_data.revealed", False, "The customer's data were shown to staff who see them masked"),
    Kind("privacy.requested", False, "The customer asked for {wish}"),
    Kind("privacy.waiting", False, "The erasure waits ({codes})"),
    Kind("privacy.fulfilled", False, "The customer's data were erased"),
    Kind("privacy.archive_ready", False, "The customer's data are ready to be fetched until {expires_at}"),
    Kind("privacy.archive_fetched", False, "The customer's data were fetched"),
    Kind("privacy.archive_expired", False, "The archive of the customer's data is gone"),
    Kind("privacy.withdrawn", False, "The request about the customer's data was withdrawn"),
    Kind("retention.applied", False, "What was kept long enough was let go of: {total}"),
    Kind("personal_data.viewed", False, "Personal data seen ({what})"),
    Kind("message.sent", False, "{medium} sent: {message}"),
    Kind("message.failed", False, "{medium} not sent: {message}"),
)

# REQUIREMENTS E11 to E27; an event that is none of them is `None` (E28), what a person writes is `Custom`.
ACTIVITIES = (
    "OrderGroupCreated", "OrderGroupOnHold", "OrderGroupCompleted", "OrderGroupInProgress", "OrderGroupCancelled",
    "ShipmentAwaitingInventory", "ShipmentCancelled", "ShipmentPacking", "ShipmentReleased", "ShipmentShipped", "ReturnCreated",
    "AddingPayment", "CreatingRefund", "ReturnReceiptItems", "PromotionAddCoupon", "PromotionManualDiscount", "PromotionRemoveCoupon",
)
NO_ACTIVITY, CUSTOM, SYSTEM_NOTE = "None", "Custom", "System"
# One kind of ours is several names of C14, by what it says of the cart.
CART_TRACKING = {"line_added": "orders.lines.added", "line_updated": "orders.lines.updated", "line_removed": "orders.lines.removed"}

# What outside apps tell begins so; nothing of our own does. Note [Told, not known] in `timeline.ingest`.
APP = "app."
_TOLD = "{app} says {action} of {resource} {resource_id}"

VOCABULARY: dict[str, Kind] = {kind.kind: kind for kind in _KINDS}
_SLOT = re.compile(r"\{(\w+)(?::(\w+))?\}")


def require_known(kind: str) -> Kind:
    """The vocabulary's entry; UnknownKind when there is none."""
    if kind.startswith(APP):
        return Kind(kind, False, _TOLD)
    try:
        return VOCABULARY[kind]
    except KeyError:
        message = f"{kind} is not in the vocabulary"
        raise UnknownKind(message) from None


def activity(kind: str) -> str:
    """The typed event of E11 to E29: a name of `ACTIVITIES`, `Custom` for what a person wrote, else `None`."""
    word = require_known(kind)
    return CUSTOM if word.type == NOTE_ADDED else word.activity or NO_ACTIVITY


def note_type(kind: str) -> str:
    """`Custom` for a note of a person, `System` for all else (E8, E9)."""
    return CUSTOM if require_known(kind).type == NOTE_ADDED else SYSTEM_NOTE


def sentence(kind: str, facts: Mapping[str, Any]) -> str:
    """The event in words, for a timeline."""
    if kind.startswith(APP):
        about = " ".join(str(facts[name]) for name in ("resource", "resource_id") if facts.get(name))
        return f"{facts.get('app')} says {facts.get('action')}{' of ' if about else ''}{about}"

    def fill(slot: re.Match[str]) -> str:
        value = facts.get(slot[1])
        if value is None:
            return ""
        if slot[2] == "money":
            currency = facts.get(f"{slot[1].removesuffix('_minor')}_currency") or facts.get("currency")
            return money(int(value), str(currency or "INR"))
        if slot[2] == "units":
            return "1 item" if value == 1 else f"{value} items"
        return str(value).replace("_", " ")

    return " ".join(_SLOT.sub(fill, require_known(kind).sentence).replace("()", "").replace(" )", ")").split())


def money(minor: int, currency: str = "INR") -> str:
    """`₹3,18,420.99`: lakh grouping, a true minus sign; other currencies by their code, `1,234.50 USD`."""
    if currency != "INR":
        return plain(minor, currency)
    sign = "−" if minor < 0 else ""
    rupees, paise = divmod(abs(minor), 100)
    head, tail = str(rupees)[:-3], str(rupees)[-3:]
    groups = [tail]
    while head:
        head, group = head[:-2], head[-2:]
        groups.insert(0, group)
    return f"{sign}₹{','.join(groups)}.{paise:02d}"


def amounts(by_currency: Mapping[str, int]) -> str:
    """`₹3,18,420.99 + 500 JPY`: a sum for each currency, for no sum is of two; of nothing at all `₹0.00`."""
    return " + ".join(money(minor, currency) for currency, minor in sorted(by_currency.items(), key=_rupees_first)) or money(0)


def _rupees_first(row: tuple[str, int]) -> tuple[bool, str]:
    return row[0] != "INR", row[0]
