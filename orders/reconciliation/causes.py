"""Why two books may differ: the closed list. Each cause has an owner, a sentence, a fix, and maybe a verb that does it."""

from __future__ import annotations

from dataclasses import dataclass

PAYMENT, INVENTORY, SHIPPING, STATUS = "payment", "inventory", "shipping", "status"
KINDS = (PAYMENT, INVENTORY, SHIPPING, STATUS)
FINANCE, SUPPORT, WAREHOUSE, ENGINEERING = "finance", "support", "warehouse", "engineering"
OWNERS = (FINANCE, SUPPORT, WAREHOUSE, ENGINEERING)
LOW, MEDIUM, HIGH = "low", "medium", "high"
SEVERITIES = (HIGH, MEDIUM, LOW)


@dataclass(frozen=True, slots=True)
class Cause:
    """One reason for a difference (B51 names the kinds).

    `action` is a verb the system offers, or empty. What `explains_itself` the system has put right already: it is found,
    named and resolved at once. A `standing` cause is looked for whatever days are compared, for it lasts until it is gone.
    """

    code: str
    kind: str
    owner: str
    severity: str
    sentence: str
    fix: str
    action: str = ""
    explains_itself: bool = False
    standing: bool = False


_TABLE: tuple[Cause, ...] = (
    Cause(
        "notice_missed", PAYMENT, ENGINEERING, LOW,
        "The gateway's notice of this capture never came.",
        "Nothing to do: the money was found by asking. When many are missed, look at the webhook in the gateway's dashboard.", explains_itself=True,
    ),
    Cause(
        "notice_repeated", PAYMENT, ENGINEERING, LOW,
        "The gateway sent the same notice more than once.",
        "Nothing to do: a repeat has no second effect.", explains_itself=True,
    ),
    Cause(
        "notice_disordered", PAYMENT, ENGINEERING, LOW,
        "Notices came in another order than they were made.",
        "Nothing to do: the gateway was asked for the state itself.", explains_itself=True,
    ),
    Cause(
        "answer_cut", PAYMENT, ENGINEERING, LOW,
        "The gateway did not answer; asking again told what had happened.",
        "Nothing to do: the outcome is known.", explains_itself=True,
    ),
    Cause(
        "payment_in_doubt", PAYMENT, FINANCE, HIGH,
        "The gateway did not answer, and nobody knows whether this payment came in.",
        "Ask the gateway again.", action="ask_gateway", standing=True,
    ),
    Cause(
        "refund_in_doubt", PAYMENT, FINANCE, HIGH,
        "The gateway did not answer, and nobody knows whether this refund went out.",
        "Ask the gateway again; it is asked under the same key, so nothing is paid twice.", action="ask_gateway", standing=True,
    ),
    Cause(
        "capture_missed", PAYMENT, FINANCE, HIGH,
        "The gateway paid out a payment that is not captured here.",
        "Ask the gateway again: the capture is taken in.", action="ask_gateway", standing=True,
    ),
    Cause(
        "captured_unknown", PAYMENT, FINANCE, HIGH,
        "The gateway speaks of a captured payment that is of no order here.",
        "Look the payment up in the gateway's dashboard: refund it there, or resolve with the reason it is not ours.",
    ),
    Cause(
        "amount_mismatch", PAYMENT, FINANCE, HIGH,
        "The customer paid another amount or currency than was asked.",
        "Refund the payment in the gateway's dashboard and ask the customer to pay anew.",
    ),
    Cause(
        "duplicate_capture", PAYMENT, FINANCE, MEDIUM,
        "The order was paid a second time.",
        "Nothing to do: the second payment was sent back at once.", explains_itself=True,
    ),
    Cause(
        "captured_after_cancel", PAYMENT, FINANCE, MEDIUM,
        "Money came in after the order had been cancelled.",
        "Nothing to do: it was sent back.", explains_itself=True,
    ),
    Cause(
        "money_of_cancelled", PAYMENT, FINANCE, HIGH,
        "A cancelled order still holds the customer's money.",
        "Send the money back.", action="refund_rest", standing=True,
    ),
    Cause(
        "paid_not_confirmed", PAYMENT, SUPPORT, HIGH,
        "The money of this order is in, and the order does not know.",
        "Bring the order up to date with its payments.", action="follow_money", standing=True,
    ),
    Cause(
        "authorised_not_captured", PAYMENT, FINANCE, MEDIUM,
        "Money has been reserved for long and not taken.",
        "Ask the gateway again; what lapsed goes back to the customer by itself.", action="ask_gateway", standing=True,
    ),
    Cause(
        "refund_failed", PAYMENT, FINANCE, HIGH,
        "The gateway refused a refund; the customer waits for the money.",
        "Retry the refund, or give the money by other means and record it.", action="retry_refund", standing=True,
    ),
    Cause(
        "refund_late", PAYMENT, FINANCE, MEDIUM,
        "A refund is not done on the day it was asked for.",
        "When it is still on its way, ask the gateway again; when it is done there is nothing to do.", action="ask_gateway",
    ),
    Cause(
        "refund_at_gateway", PAYMENT, FINANCE, LOW,
        "Somebody made this refund in the gateway's dashboard.",
        "Nothing to do: it was taken in and booked.", explains_itself=True,
    ),
    Cause(
        "payment_sums_differ", PAYMENT, ENGINEERING, HIGH,
        "The sums on a payment are not those of its refunds and disputes.",
        "Find out what changed the rows; run the doctor.", standing=True,
    ),
    Cause(
        "overpaid", PAYMENT, FINANCE, MEDIUM,
        "The customer has paid more than the documents ask.",
        "Send back what is left.", action="refund_rest", standing=True,
    ),
    Cause(
        "underpaid", PAYMENT, FINANCE, MEDIUM,
        "The documents ask more than the customer has paid.",
        "Ask for the rest, or book it as goodwill.", action="book_goodwill", standing=True,
    ),
    Cause(
        "fee_changed", PAYMENT, FINANCE, MEDIUM,
        "The gateway took another fee than was agreed.",
        "Claim the difference from the gateway; when it stands, resolve with the reason.",
    ),
    Cause(
        "settlement_line_missing", PAYMENT, FINANCE, HIGH,
        "Later money has been paid out, and this is missing.",
        "Ask the gateway; when it never pays, book the loss.", action="read_settlements", standing=True,
    ),
    Cause(
        "settlement_line_doubled", PAYMENT, FINANCE, HIGH,
        "The gateway settled the same thing twice.",
        "The second line waits in suspense until the gateway takes it back.", action="read_settlements",
    ),
    Cause(
        "settlement_line_foreign", PAYMENT, FINANCE, HIGH,
        "A settlement holds a line of nothing we know.",
        "The line waits in suspense; read the settlements again once it is known, or find its owner.", action="read_settlements", standing=True,
    ),
    Cause(
        "settlement_amount_differs", PAYMENT, FINANCE, HIGH,
        "The gateway says it paid another amount than its lines sum to.",
        "Ask the gateway for the missing lines.", action="read_settlements", standing=True,
    ),
    Cause(
        "bank_line_missing", PAYMENT, FINANCE, HIGH,
        "A settlement never arrived at the bank.",
        "Import the bank statement; when it is there and the money is not, ask the gateway with the UTR.", standing=True,
    ),
    Cause(
        "bank_amount_differs", PAYMENT, FINANCE, HIGH,
        "The bank got another amount than was settled.",
        "Ask gateway and bank with the UTR; book what stays as rounding when it is paise.", action="book_bank_difference",
    ),
    Cause(
        "bank_line_foreign", PAYMENT, FINANCE, LOW,
        "A line of the bank's statement is of no settlement and no remittance.",
        "Match it by its UTR, or resolve with what it is.", standing=True,
    ),
    Cause(
        "dispute_open", PAYMENT, FINANCE, HIGH,
        "The customer's bank asks this money back.",
        "Answer the dispute before its last day.", standing=True,
    ),
    Cause(
        "dispute_lost", PAYMENT, FINANCE, MEDIUM,
        "A dispute was lost, and the money is gone.",
        "It is booked as a loss; resolve with what was learnt.",
    ),
    Cause(
        "dispute_after_refund", PAYMENT, FINANCE, HIGH,
        "More went back than came in: a refund and a dispute over the same money.",
        "Contest the dispute with the refund's reference.", standing=True,
    ),
    Cause(
        "cod_short", PAYMENT, FINANCE, MEDIUM,
        "The carrier handed over less cash than was due.",
        "Claim it from the carrier, or book it as a loss.", action="book_cod_short",
    ),
    Cause(
        "cod_over", PAYMENT, FINANCE, LOW,
        "The carrier handed over more cash than was due.",
        "Ask the carrier which parcel it belongs to.",
    ),
    Cause(
        "cod_not_remitted", PAYMENT, FINANCE, MEDIUM,
        "The carrier collected this cash long ago and has not handed it over.",
        "Ask the carrier for the remittance.", standing=True,
    ),
    Cause(
        "cod_foreign", PAYMENT, FINANCE, MEDIUM,
        "A carrier handed over cash for a parcel that is of no payment here.",
        "Find the parcel by its tracking number.",
    ),
    Cause(
        "books_differ", PAYMENT, ENGINEERING, HIGH,
        "A payment, a refund or a paid claim and its entry in the ledger say different amounts.",
        "Find out what changed the row; run the doctor.",
    ),
    Cause(
        "documents_differ", PAYMENT, ENGINEERING, HIGH,
        "An invoice or credit note and its entry in the ledger say different amounts.",
        "Find out what changed the row; run the doctor.",
    ),
    Cause(
        "stock_differs", INVENTORY, WAREHOUSE, MEDIUM,
        "A stock level is not the sum of its movements, or what is held is not the sum of its holds.",
        "Count the shelf and adjust.", standing=True,
    ),
    Cause(
        "stock_negative", INVENTORY, WAREHOUSE, HIGH,
        "Fewer than no units, or more promised than there are.",
        "Count the shelf and adjust.", standing=True,
    ),
    Cause(
        "consumption_differs", INVENTORY, WAREHOUSE, MEDIUM,
        "Other units left the stock than the parcels of this order hold.",
        "Count the shelf and adjust.",
    ),
    Cause(
        "shipped_without_awb", SHIPPING, WAREHOUSE, MEDIUM,
        "A parcel is on its way without a tracking number.",
        "Enter the number of the carrier's receipt.", standing=True,
    ),
    Cause(
        "parcel_missing", SHIPPING, WAREHOUSE, HIGH,
        "An order is shipped, and there is no parcel of it.",
        "Book the parcel, or find out who set the order to shipped.", standing=True,
    ),
    Cause(
        "delivered_parcel_open_order", SHIPPING, SUPPORT, MEDIUM,
        "Every parcel has arrived, and the order does not know.",
        "Bring the order up to date with its parcels.", action="follow_parcels", standing=True,
    ),
    Cause(
        "parcel_late", SHIPPING, SUPPORT, LOW,
        "A parcel has not arrived, and the day it was promised for is over.",
        "Ask the carrier, and tell the customer; it is settled by itself when the parcel arrives.", standing=True,
    ),
    Cause(
        "parcel_flagged", SHIPPING, WAREHOUSE, MEDIUM,
        "The carrier said something of a parcel that was not understood or not believed, and nobody has looked.",
        "Look at the journey on the parcel's page, note what is true, and say that you have looked.", standing=True,
    ),
    Cause(
        "claim_waits", SHIPPING, FINANCE, MEDIUM,
        "A claim on a carrier was not filed, or not answered, for too long.",
        "File it, or ask the carrier; what it paid is entered with the claim, what it never pays is refused or dropped.", standing=True,
    ),
    Cause(
        "delivered_though_cancelled", SHIPPING, SUPPORT, HIGH,
        "The order was cancelled and its parcel called back, and it was delivered all the same.",
        "Ask the customer for the goods or for the money; resolve with what was agreed.",
    ),
    Cause(
        "short_pick", INVENTORY, WAREHOUSE, MEDIUM,
        "Units that were to be picked were not on their shelf.",
        "Count the shelf; what is found is put back by the count.", standing=True,
    ),
    Cause(
        "parcel_undecided", SHIPPING, SUPPORT, MEDIUM,
        "A parcel was lost or came back, and nobody has decided what becomes of its units.",
        "Send them again, give their money back, or close it with the reason: on the order's page.", standing=True,
    ),
    Cause(
        "return_unpaid", STATUS, SUPPORT, MEDIUM,
        "Goods came back days ago, and nothing was given for them.",
        "Inspect them, then refund, exchange, or close the return; it needs no refund to be closed.", standing=True,
    ),
    Cause(
        "return_arrived", SHIPPING, WAREHOUSE, MEDIUM,
        "The carrier says that goods of a return were brought to us, and nobody has received them.",
        "Look for the parcel and receive it, or claim it from the carrier.", standing=True,
    ),
    Cause(
        "exchange_uneven", PAYMENT, ENGINEERING, HIGH,
        "What an exchange took out of one order is not what it put into the other.",
        "Find out what changed the rows; run the doctor.", standing=True,
    ),
    Cause(
        "stuck_processing", STATUS, WAREHOUSE, MEDIUM,
        "An order has been in processing for too long.",
        "Pack it, or put it on hold with the reason.", standing=True,
    ),
    Cause(
        "impossible_step", STATUS, ENGINEERING, HIGH,
        "A row is in a state its story does not tell.",
        "Find out what changed the row; run the doctor.", standing=True,
    ),
    Cause(
        "axes_differ", STATUS, ENGINEERING, MEDIUM,
        "An order's payment or fulfilment state is not what its payments and lines say.",
        "Bring the order up to date with its payments.", action="follow_money", standing=True,
    ),
    Cause(
        "delivery_parked", STATUS, ENGINEERING, HIGH,
        "Background work was given up after too many tries.",
        "Look at the reason, then try again.", action="retry_delivery", standing=True,
    ),
    Cause(
        "order_paid_but_pending", STATUS, SUPPORT, HIGH,
        "An order is paid and was never confirmed.",
        "Confirm the order.", action="confirm_order", standing=True,
    ),
)

CAUSES: dict[str, Cause] = {cause.code: cause for cause in _TABLE}
