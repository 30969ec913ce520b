"""Every write of the payments app: no network, ever.

Each function runs inside `operation(...)` on the payment's own stream and locks the row it decides on.
"""

from __future__ import annotations

from payments.operations.attempts import AmountDiffers, accept, doubt, fail, mark_asked, open, retry, supersede  # noqa: A004
from payments.operations.bank_lines import (
    BANK_STREAM,
    BadRemittance,
    Handed,
    RemittanceDiffers,
    book_remittance,
    keep_bank_lines,
    match_bank_line,
    matches,
)
from payments.operations.disputes import (
    CONCEDE,
    CONTEST,
    DisputeDiffers,
    DisputeOver,
    concede,
    contest,
    merge_dispute,
    note_refusal,
)
from payments.operations.forwards import ForeignPayment, merge
from payments.operations.money_back import (
    RefundDiffers,
    accept_refund,
    adopt_refund,
    doubt_refund,
    fail_refund,
    finish_refund,
    merge_refund,
    retry_refund,
    settle_refund_otherwise,
)
from payments.operations.money_in import NotReserved, ask_capture, authorise, capture
from payments.operations.notices import handle_notice, repeat_notice, take_notice
from payments.operations.settlements import book_settlement
from payments.operations.wishes import (
    AboveRefundable,
    DisputeOpen,
    OnlyByOtherMeans,
    approve_refund,
    ask_refund,
    decline_refund,
    give_back_all,
    is_disputed,
    request_refund,
)

__all__ = [
    "BANK_STREAM",
    "CONCEDE",
    "CONTEST",
    "AboveRefundable",
    "AmountDiffers",
    "BadRemittance",
    "DisputeDiffers",
    "DisputeOpen",
    "DisputeOver",
    "ForeignPayment",
    "Handed",
    "NotReserved",
    "OnlyByOtherMeans",
    "RefundDiffers",
    "RemittanceDiffers",
    "accept",
    "accept_refund",
    "adopt_refund",
    "approve_refund",
    "ask_capture",
    "ask_refund",
    "authorise",
    "book_remittance",
    "book_settlement",
    "capture",
    "concede",
    "contest",
    "decline_refund",
    "doubt",
    "doubt_refund",
    "fail",
    "fail_refund",
    "finish_refund",
    "give_back_all",
    "handle_notice",
    "is_disputed",
    "keep_bank_lines",
    "mark_asked",
    "match_bank_line",
    "matches",
    "merge",
    "merge_dispute",
    "merge_refund",
    "note_refusal",
    "open",
    "repeat_notice",
    "request_refund",
    "retry",
    "retry_refund",
    "settle_refund_otherwise",
    "supersede",
    "take_notice",
]
