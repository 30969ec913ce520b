"""Nobody loses or wins a right when groups become roles: each account before, and after, by what really decided."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import pytest
from django.apps import apps
from django.conf import settings
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group, Permission
from django.contrib.contenttypes.models import ContentType

from orders.operations import refund_limits
from timeline.models import StaffMember
from timeline.rights import RIGHTS, held

migration: Any = import_module("timeline.migrations.0014_roles_of_groups")
NEW = frozenset({"staff:read", "staff:write"})  # nobody could do that before, but for superusers, who could change every account
PEOPLE = [
    (), ("support",), ("finance",), ("warehouse",), ("analyst",), ("warehouse", "support"), ("warehouse", "finance"), ("analyst", "warehouse"),
    ("+see_customers",), ("analyst", "+see_customers"), ("analyst", "+view_label"), ("readers",), ("superuser",), ("superuser", "warehouse"),
]


def rights_before(words: tuple[str, ...]) -> frozenset[str]:
    """What an account could do: every page and call, but for three things, as they were decided."""
    groups = {word for word in words if word[0] != "+" and word != "superuser"}
    owned = {word[1:] for word in words if word[0] == "+"} | ({"see_customers"} if "readers" in groups else set())
    is_super = "superuser" in words
    sees = is_super or not groups or bool(groups & {"support", "finance"}) or "see_customers" in owned
    prints = sees or "view_label" in owned or "warehouse" in groups
    unlimited = is_super or "finance" in groups
    return frozenset(RIGHTS) - (frozenset() if is_super else NEW) - frozenset(
        right for right, has in (("customers:read", sees), ("labels:read", prints), ("refunds:unlimited", unlimited)) if not has
    )


@pytest.fixture
def permissions(db: None) -> dict[str, Permission]:
    person = ContentType.objects.get(app_label="orders", model="person")
    old, _ = Permission.objects.get_or_create(codename="see_customers", content_type=person, defaults={"name": "of before"})
    found = {"see_customers": old, "view_label": Permission.objects.get(codename="view_label")}
    Group.objects.get_or_create(name="readers")[0].permissions.add(old)
    return found


@pytest.mark.parametrize("words", PEOPLE, ids=lambda words: "+".join(words) or "no group")
def test_b70_an_account_may_do_after_exactly_what_it_could_before(permissions: dict[str, Permission], words: tuple[str, ...]) -> None:
    user = get_user_model().objects.create_user("asha", is_staff=True, is_superuser="superuser" in words)
    for word in words:
        if word[0] == "+":
            user.user_permissions.add(permissions[word[1:]])
        elif word != "superuser":
            user.groups.add(Group.objects.get_or_create(name=word)[0])

    migration.carry_over(apps, None)

    after = get_user_model().objects.get(pk=user.pk)
    assert held(after) == rights_before(words)
    assert (refund_limits.limit_of(after) is None) is ("finance" in words or "superuser" in words)
    assert settings.REFUND_LIMIT_MINOR


@pytest.mark.django_db
def test_who_may_not_sign_in_has_nothing_now_and_their_roles_again_once_they_may() -> None:
    away = get_user_model().objects.create_user("omar", is_staff=True, is_active=False)
    shopper = get_user_model().objects.create_user("priya")
    migration.carry_over(apps, None)
    assert (held(away), held(shopper)) == (frozenset(), frozenset())
    away.is_active = True
    assert held(away) == rights_before(())
    assert list(StaffMember.objects.values_list("user_id", flat=True)) == [away.pk]
