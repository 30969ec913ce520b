"""The shop window."""

from __future__ import annotations

from typing import TYPE_CHECKING

from drf_spectacular.utils import extend_schema
from rest_framework.permissions import AllowAny
from rest_framework.response import Response
from rest_framework.views import APIView

from inventory import queries
from inventory.api.serializers import AvailabilityOutput, AvailabilityQuery, ProductOutput, ProductPage, ProductsQuery
from timeline.api.paging import paged

if TYPE_CHECKING:
    from rest_framework.request import Request

ORDER = ("product__name", "sku")


class ProductsView(APIView):
    """`GET /storefront/products`: open to everybody, so it reads no token."""

    authentication_classes = []
    permission_classes = [AllowAny]

    @extend_schema(operation_id="storefrontProductsList", parameters=[ProductsQuery], responses={200: ProductPage})
    def get(self, request: Request) -> Response:
        """List what is on sale, with what is left of it now."""
        wish = ProductsQuery.parse(request.query_params)
        page = paged(
            queries.list_products(wish["q"]), order=ORDER, page=wish["page"], limit=wish["limit"], cursor=wish["cursor"]
        )
        return Response(page.envelope([*ProductOutput(page.rows, many=True).data]))


class AvailabilityView(APIView):
    """`GET /storefront/availability`: open to everybody, so it reads no token; of this very moment, so nobody may keep it."""

    authentication_classes = []
    permission_classes = [AllowAny]

    @extend_schema(
        operation_id="storefrontAvailability", parameters=[AvailabilityQuery], responses={200: AvailabilityOutput}
    )
    def get(self, request: Request) -> Response:
        """Say what may be ordered now of up to 200 SKUs; those that are not on sale are named apart."""
        asked = dict.fromkeys(AvailabilityQuery.parse(request.query_params)["sku"])
        offers = queries.availability(asked)
        known = {offer.sku for offer in offers}
        body = {"data": offers, "unknown": [sku for sku in asked if sku not in known]}
        return Response(AvailabilityOutput(body).data, headers={"Cache-Control": "no-store"})
