"""Every address of the server.

The staff API is `/admin/…` and the customers' `/storefront/…`, without trailing slashes; Django's own admin is
`/backstage/`, the staff console `/console/`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib import admin
from django.urls import include, path, re_path
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerView

from config import probes, sandbox_proxy

if TYPE_CHECKING:
    from django.urls import URLPattern, URLResolver

urlpatterns: list[URLPattern | URLResolver] = [
    path("", include("orders.api.urls")),
    path("", include("inventory.api.urls")),
    path("", include("payments.urls")),
    path("", include("shipping.urls")),
    path("", include("orders.channels.urls")),
    path("", include("timeline.urls")),
    path("api/schema", SpectacularAPIView.as_view(), name="schema"),
    path("api/docs", SpectacularSwaggerView.as_view(url_name="schema"), name="docs"),
    path("livez", probes.livez),
    path("readyz", probes.readyz),
    path("metrics", probes.metrics),
    re_path(r"^(?P<rest>sandbox/.*)$", sandbox_proxy.forward),
    path("", include("orders.pages.urls")),
    path("backstage/", admin.site.urls),
]

handler400 = "config.api.problems.handler400"
handler403 = "config.api.problems.handler403"
handler404 = "config.api.problems.handler404"
handler500 = "config.api.problems.handler500"
