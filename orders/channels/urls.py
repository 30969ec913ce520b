"""Where channels call, without a trailing slash."""

from __future__ import annotations

from django.urls import path

from orders.channels import webhooks

urlpatterns = [path("webhooks/channels/<str:code>", webhooks.take)]
