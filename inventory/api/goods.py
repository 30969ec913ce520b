"""What goes over the wire about deliveries, transfers, counts, damages, the ledger and the queue."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from inventory.api.serializers import DELTA_UNITS_MAX, REASON_CHARS_MAX, LevelOutput
from inventory.catalogue import Variant
from inventory.papers import StockCount, Transfer
from inventory.stock import ON_HAND_UNITS_MAX, Movement
from timeline.api.query import Query, QueryBool
from timeline.api.wire import Choice, Code, Input, Output, Page, StrictDate, StrictInt, StrictText

REFERENCE_CHARS_MAX = 64


class Units(StrictInt):
    """Units to move, 1 to a million."""

    def __init__(self, *, min_value: int = 1, **kwargs: Any) -> None:
        """Bound the count."""
        super().__init__(min_value=min_value, max_value=DELTA_UNITS_MAX, **kwargs)


class Reason(StrictText):
    """A code of ours or a sentence, which is sealed."""

    def __init__(self, **kwargs: Any) -> None:
        """Bound the length."""
        super().__init__(max_length=REASON_CHARS_MAX, help_text="A code such as `purchase`, or a sentence.", **kwargs)


class PolicyInput(Input):
    """Whether more of a variant is sold than is there."""

    policy = Choice(choices=Variant.Policy.choices)
    backorder_units_max = StrictInt(
        min_value=0, max_value=10_000_000, required=False, default=None, allow_null=True, help_text="No limit when absent."
    )
    available_on = StrictDate(required=False, default=None, allow_null=True, help_text="Of a preorder: sent from this day.")


class PolicyOutput(Output):
    """A variant's policy, and how many units are promised beyond what is there."""

    sku = serializers.CharField()
    policy = serializers.ChoiceField(choices=Variant.Policy.choices)
    backorder_units_max = serializers.IntegerField(allow_null=True)
    available_on = serializers.DateField(allow_null=True)
    backordered = serializers.IntegerField()


class WatchInput(Input):
    """Units kept back on one shelf, and the number at which it is low; null is never."""

    safety = StrictInt(min_value=0, max_value=ON_HAND_UNITS_MAX)
    reorder_at = StrictInt(min_value=0, max_value=ON_HAND_UNITS_MAX, required=False, default=None, allow_null=True)


class ReceivedInput(Input):
    """So many units of a SKU that came, and how many of those are damaged."""

    sku = Code()
    quantity = Units()
    damaged = Units(min_value=0, required=False, default=0)


class ReceiptInput(Input):
    """A delivery."""

    warehouse = Code(max_length=32)
    items = ReceivedInput(many=True, allow_empty=False)
    reference = StrictText(max_length=REFERENCE_CHARS_MAX, required=False, default="", help_text="The delivery note.")
    reason = Reason(required=False, default="purchase")


class SentInput(Input):
    """So many units of a SKU."""

    sku = Code()
    quantity = Units()


class TransferInput(Input):
    """Goods that leave for another warehouse."""

    to = Code(max_length=32)
    items = SentInput(many=True, allow_empty=False)
    reason = Reason(required=False, default="transfer")

    def get_fields(self) -> Any:
        """`from` is a word of the language, so it cannot be declared above."""
        return {"from": Code(max_length=32, source="source")} | super().get_fields()


class ArrivedInput(Input):
    """What came of a SKU; what is named neither received nor damaged is short."""

    sku = Code()
    received = Units(min_value=0)
    damaged = Units(min_value=0, required=False, default=0)


class TakeInInput(Input):
    """What came; without items, all of it."""

    items = ArrivedInput(many=True, required=False, default=list)


class CountedInput(Input):
    """What was counted of a SKU."""

    sku = Code()
    counted = StrictInt(min_value=0, max_value=ON_HAND_UNITS_MAX)


class CountInput(Input):
    """A count of a warehouse, or of a part of it."""

    warehouse = Code(max_length=32)
    items = CountedInput(many=True, allow_empty=False)


class SetAsideInput(Input):
    """Units set aside as damaged, repaired, or scrapped."""

    sku = Code()
    warehouse = Code(max_length=32)
    quantity = Units()
    action = Choice(choices=["damage", "repair", "scrap"], required=False, default="damage")
    reason = Reason(required=False, default=None, allow_null=True)


class LevelsOutput(Output):
    """The shelves after a write."""

    levels: Any = LevelOutput(many=True)


class TransferLineOutput(Output):
    """Of one SKU: what left, what came, and once the transfer has ended, what is short."""

    sku = serializers.CharField(source="variant.sku")
    sent = serializers.IntegerField()
    received = serializers.IntegerField()
    damaged = serializers.IntegerField()
    short = serializers.SerializerMethodField()

    def get_short(self, line: Any) -> int:
        """Nothing is short while the goods are on their way, or when they turned back."""
        return int(line.short) if line.transfer.status == Transfer.Status.RECEIVED else 0


class TransferOutput(Output):
    """Goods between two warehouses."""

    id = serializers.UUIDField()
    status = serializers.ChoiceField(choices=Transfer.Status.choices)
    to = serializers.CharField(source="target.code")
    sent_at = serializers.DateTimeField()
    ended_at = serializers.DateTimeField(allow_null=True)
    items: Any = TransferLineOutput(source="lines", many=True)

    def get_fields(self) -> Any:
        """`from` is a word of the language, so it cannot be declared above."""
        return {"from": serializers.CharField(source="source.code")} | super().get_fields()


class CountLineOutput(Output):
    """Of one SKU: what was counted, what the level said then, and the difference."""

    sku = serializers.CharField(source="variant.sku")
    counted = serializers.IntegerField()
    expected = serializers.IntegerField()
    difference = serializers.IntegerField()


class CountOutput(Output):
    """A count: who counted, and who decided."""

    id = serializers.UUIDField()
    status = serializers.ChoiceField(choices=StockCount.Status.choices)
    warehouse = serializers.CharField(source="warehouse.code")
    counted_by = serializers.CharField()
    counted_at = serializers.DateTimeField()
    decided_by = serializers.CharField()
    decided_at = serializers.DateTimeField(allow_null=True)
    items: Any = CountLineOutput(source="lines", many=True)


class MovementOutput(Output):
    """One line of the ledger: what changed, why, and in which story."""

    id = serializers.UUIDField()
    at = serializers.DateTimeField()
    kind = serializers.ChoiceField(choices=Movement.Kind.choices)
    warehouse = serializers.CharField(source="warehouse.code")
    on_hand_delta = serializers.IntegerField()
    held_delta = serializers.IntegerField()
    damaged_delta = serializers.IntegerField()
    reason = serializers.CharField()
    stream = serializers.CharField()
    operation_id = serializers.UUIDField()


class BackorderOutput(Output):
    """A promise that waits for stock."""

    id = serializers.UUIDField()
    sku = serializers.CharField(source="variant.sku")
    stream = serializers.CharField(help_text="The story it belongs to: the order's id.")
    wanted = serializers.IntegerField()
    filled = serializers.IntegerField()
    waiting = serializers.IntegerField(source="quantity")
    created_at = serializers.DateTimeField()


class OpenQuery(Query):
    """Lists of what is open."""

    open = QueryBool(required=False, default=False, help_text="Only the open ones.")


class QueueQuery(Query):
    """The queue's parameters."""

    sku = Code(required=False, default=None, help_text="One SKU, whole.")


class TransferPage(Page):
    """Transfers of one page."""

    data: Any = TransferOutput(many=True)


class CountPage(Page):
    """Counts of one page."""

    data: Any = CountOutput(many=True)


class LedgerPage(Page):
    """Movements of one page."""

    data: Any = MovementOutput(many=True)


class QueuePage(Page):
    """Backorders of one page."""

    data: Any = BackorderOutput(many=True)


class FilledOutput(Output):
    """How many units a waiting order was given."""

    filled = serializers.IntegerField()


class LedgerQuery(Query):
    """The ledger is paged like every list."""
