"""What goes over the wire about products and shelves."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from inventory.catalogue import Variant
from timeline.api.query import Query, QueryBool, QueryList, QueryText
from timeline.api.wire import Code, Input, Output, Page, StrictInt, StrictText

DELTA_UNITS_MAX = 1_000_000
REASON_CHARS_MAX = 200
SKUS_MAX = 200


class ProductsQuery(Query):
    """The shop window's parameters."""

    q = QueryText(required=False, default="", help_text="A part of a name or of a SKU.")


class ProductOutput(Output):
    """One variant on sale; the price is in minor units, with GST where `priceIncludesGst`; `gstRate` is a percentage."""

    sku = serializers.CharField()
    product_variant_id = serializers.UUIDField(source="id")
    name = serializers.CharField(source="title")
    price = serializers.IntegerField(source="price_minor")
    price_includes_gst = serializers.BooleanField()
    currency = serializers.CharField()
    gst_rate = serializers.DecimalField(max_digits=5, decimal_places=2, coerce_to_string=False)
    hsn = serializers.CharField()
    available = serializers.IntegerField()
    backorder = serializers.BooleanField(help_text="Whether it may be ordered beyond what is available.")
    policy = serializers.ChoiceField(choices=Variant.Policy.choices)
    available_on = serializers.DateField(allow_null=True, help_text="Of a preorder: the day from which it is sent.")


class AvailabilityQuery(Query):
    """The SKUs that are asked about; there is one page."""

    page = limit = cursor = None  # type: ignore[assignment]
    parameters_max = SKUS_MAX
    sku = QueryList(child=Code(), max_length=SKUS_MAX, help_text="Up to 200 SKUs, by comma or by repetition.")


class OfferOutput(Output):
    """What may be ordered now of a SKU."""

    sku = serializers.CharField()
    available = serializers.IntegerField()
    backorder = serializers.BooleanField()
    policy = serializers.ChoiceField(choices=Variant.Policy.choices)
    available_on = serializers.DateField(allow_null=True)


class AvailabilityOutput(Output):
    """Of every SKU that is on sale what may be ordered now, and the SKUs that are not."""

    data: Any = OfferOutput(many=True)
    unknown = serializers.ListField(child=serializers.CharField())


class ShelvesQuery(Query):
    """The staff's parameters."""

    sku = Code(required=False, default=None, help_text="One SKU, whole.")
    low = QueryBool(required=False, default=False, help_text="Only what is low.")


class LevelOutput(Output):
    """How many units lie in one warehouse, and how many of them are promised; `damaged` ones lie beside them."""

    sku = serializers.CharField(source="variant.sku")
    product_variant_id = serializers.UUIDField(source="variant_id")
    warehouse = serializers.CharField(source="warehouse.code")
    on_hand = serializers.IntegerField()
    held = serializers.IntegerField()
    damaged = serializers.IntegerField()
    safety = serializers.IntegerField()
    reorder_at = serializers.IntegerField(allow_null=True)
    low_since = serializers.DateTimeField(allow_null=True)
    available = serializers.IntegerField()


class AdjustmentInput(Input):
    """A correction of what lies on one shelf, as a difference."""

    sku = Code()
    warehouse = Code(max_length=32)
    delta = StrictInt(min_value=-DELTA_UNITS_MAX, max_value=DELTA_UNITS_MAX)
    reason = StrictText(max_length=REASON_CHARS_MAX, help_text="A code such as `recount`, `damaged`, or a sentence.")


class ProductPage(Page):
    """Products of one page."""

    data: Any = ProductOutput(many=True)  # `Serializer.data` is a property; here it is a field of the answer


class LevelPage(Page):
    """Shelves of one page."""

    data: Any = LevelOutput(many=True)
