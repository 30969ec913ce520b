"""The addresses gateways call."""

from __future__ import annotations

from django.urls import path

from payments import webhooks

urlpatterns = [path("webhooks/razorpay", webhooks.razorpay, name="webhook-razorpay")]
