"""Who watches a view is told that too many orders are in it, and that it is over."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlencode

from django.conf import settings
from django.contrib.auth import get_user_model
from django.urls import reverse

from orders import saved_views
from orders.models import SavedView
from orders.notifications.messages import Text
from timeline.actors import STAFF

if TYPE_CHECKING:
    from timeline.models import Event


def text_of(event: Event) -> Text | None:
    """The mail to the view's owner, or to the shop where the owner has no address; None without either, or once it is dropped."""
    view = SavedView.objects.filter(pk=event.subject_uuid).first()
    if view is None:
        return None
    owner = get_user_model().objects.filter(pk=view.owner_id, is_active=True, is_staff=True) if view.owner_type == STAFF else None
    to = (owner.values_list("email", flat=True).first() if owner is not None else None) or settings.STAFF_EMAIL
    if not to:
        return None
    link = f"{settings.PUBLIC_URL}{reverse('console-orders')}?{urlencode({'q': saved_views.for_owner(view) or view.q, 'sort': view.sort, 'saved': view.pk})}"
    threshold = event.facts["threshold"]
    if event.kind == "saved_view.recovered":
        return Text("view_recovered", "email", to, f"Over again: {view.name}", f"No more than {threshold} orders are in {view.name} now.\n\n{link}")
    return Text(
        "view_alerted", "email", to, f"More than {threshold} orders: {view.name}",
        f"More than {threshold} orders have been in {view.name} for {event.facts['for_minutes']} minutes.\n\n{link}",
    )
