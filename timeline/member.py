"""What is kept of a member of staff beside their account: their roles, and when they were last here."""

from __future__ import annotations

from typing import Any, ClassVar

from django.conf import settings
from django.db import models


class StaffMember(models.Model):
    """One row for each account that was given a role. Roles are words of `timeline.rights.ROLES`."""

    user = models.OneToOneField(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, primary_key=True, related_name="member")
    roles: models.JSONField[Any, Any] = models.JSONField(default=list)
    seen_at = models.DateTimeField(null=True)

    STORY: ClassVar[str] = "staff"

    def __str__(self) -> str:
        return f"{self.user_id}: {', '.join(self.roles)}"
