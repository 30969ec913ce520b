"""The tables of the order, one file a subject."""

from orders.models.case import Case, ReconciliationRun
from orders.models.channel import ChannelAccount, ChannelImport, ChannelNotice, ChannelSku
from orders.models.checkout import Checkout, CheckoutLine
from orders.models.data_request import ArchivePart, DataRequest
from orders.models.desk import OrderAssignment, OrderTag
from orders.models.discount import Discount, DiscountUse
from orders.models.document import Document, DocumentSeries
from orders.models.edit import OrderEdit, OrderRevision
from orders.models.fulfilment import Fulfilment, FulfilmentLine, OrderPayment, PackScan, ShortPick
from orders.models.hold import OrderHold
from orders.models.incident import Incident
from orders.models.job import Job, JobChunk, JobResult
from orders.models.line import Line
from orders.models.message import Message
from orders.models.order import OPEN_STATUSES, NumberSeries, Order
from orders.models.person import Address, Person, PersonToken
from orders.models.refund_part import KeptPart, RefundPart
from orders.models.returns import Return, ReturnLine, ReturnParcel, ReturnPhoto, ReturnRule, ReturnUnit
from orders.models.risk import RiskAssessment, RiskBlock, RiskRuleset, RiskTrace
from orders.models.saved_view import SavedView
from orders.models.tally import EVER, CustomerTally, Tally
from orders.models.ticket import Ticket

__all__ = [
    "EVER",
    "OPEN_STATUSES",
    "Address",
    "ArchivePart",
    "Case",
    "ChannelAccount",
    "ChannelImport",
    "ChannelNotice",
    "ChannelSku",
    "Checkout",
    "CheckoutLine",
    "CustomerTally",
    "DataRequest",
    "Discount",
    "DiscountUse",
    "Document",
    "DocumentSeries",
    "Fulfilment",
    "FulfilmentLine",
    "Incident",
    "Job",
    "JobChunk",
    "JobResult",
    "KeptPart",
    "Line",
    "Message",
    "NumberSeries",
    "Order",
    "OrderAssignment",
    "OrderEdit",
    "OrderHold",
    "OrderPayment",
    "OrderRevision",
    "OrderTag",
    "PackScan",
    "Person",
    "PersonToken",
    "ReconciliationRun",
    "RefundPart",
    "Return",
    "ReturnLine",
    "ReturnParcel",
    "ReturnPhoto",
    "ReturnRule",
    "ReturnUnit",
    "RiskAssessment",
    "RiskBlock",
    "RiskRuleset",
    "RiskTrace",
    "SavedView",
    "ShortPick",
    "Tally",
    "Ticket",
]
