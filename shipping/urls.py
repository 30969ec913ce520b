"""The addresses carriers call: `shipping.webhooks`."""

from __future__ import annotations

from django.urls import path

from shipping import webhooks

urlpatterns = [path("webhooks/carriers/<str:alias>/<str:secret>", webhooks.push, name="webhook-carrier")]
