"""Who works here: giving and taking roles, and making accounts. Each change is an event of the one story `staff`."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

from django.contrib.auth import get_user_model
from django.db.models import Q

from timeline import rights
from timeline.actors import STAFF
from timeline.errors import Forbidden, Invalid, Missing, Refused
from timeline.models import StaffMember
from timeline.rights import ADMINISTRATOR, ROLES

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from django.db.models import QuerySet

    from timeline.operations import Operation

WRITE: Final = "staff:write"
SEEN_EVERY: Final = timedelta(minutes=5)


class YourOwnRoles(Forbidden):
    """Nobody changes their own roles; another administrator does."""


class MoreThanYours(Forbidden):
    """This role may do more than you; somebody who may do as much gives and takes it."""


class LastAdministrator(Refused):
    """There is no other administrator; make somebody else one first."""


class UnknownRole(Invalid):
    """There is no such role."""


class NameTaken(Refused):
    """There is an account of this name already."""


def people() -> QuerySet[Any]:
    """Accounts of staff with what is kept of them, by name. One statement."""
    return get_user_model().objects.filter(is_staff=True).select_related("member").order_by("username")


def of_name(username: str) -> Any:
    """The member of staff of this user name. Raises Missing."""
    found = people().filter(username=username).first()
    if found is None:
        raise Missing
    return found


def kept_roles(user: Any) -> list[str]:
    """The roles somebody of `people` has, also while they may not sign in. No statement."""
    member = getattr(user, "member", None)
    given = {*(member.roles if member is not None else ()), *([ADMINISTRATOR] if user.is_superuser else ())}
    return [name for name in ROLES if name in given]


def last_seen(user: Any) -> datetime | None:
    """When somebody of `people` was last here, to some minutes. No statement."""
    return _latest(user, getattr(user, "member", None))


def give(op: Operation, *, user_id: int, role: str, by: frozenset[str]) -> StaffMember:
    """Give a role; nothing happens when they have it. `by` are the rights of who gives.

    Raises UnknownRole, YourOwnRoles, MoreThanYours, Missing.
    """
    user, member = _member(op, user_id, role, by)
    if role not in member.roles:
        roles = [name for name in ROLES if name in {*member.roles, role}]
        _change(op, user, "staff.role_given", role=role, roles=roles)
    return member


def take(op: Operation, *, user_id: int, role: str, by: frozenset[str]) -> StaffMember:
    """Take a role; nothing happens when they do not have it. A superuser who is no longer administrator is no superuser either.

    Raises UnknownRole, YourOwnRoles, MoreThanYours, LastAdministrator, Missing.
    """
    user, member = _member(op, user_id, role, by)
    is_both = role == ADMINISTRATOR and user.is_superuser
    if role not in member.roles and not is_both:
        return member
    if role == ADMINISTRATOR and not _administrators().exclude(pk=user.pk).exists():
        raise LastAdministrator

    _change(op, user, "staff.role_taken", role=role, roles=[name for name in member.roles if name != role])
    if is_both:
        user.is_superuser = False
        user.save(update_fields=["is_superuser"])
    return member


def add(op: Operation, *, username: str, roles: Iterable[str], password: str | None, by: frozenset[str], **names: str) -> Any:
    """A new account with roles; without a password nobody can sign in with it yet. Raises NameTaken, UnknownRole, MoreThanYours."""
    users = get_user_model().objects
    if users.filter(username__iexact=username).exists():
        raise NameTaken
    user = users.create_user(username, password=password, is_staff=True, **names)
    op.open_stream(StaffMember.STORY)
    op.record(user, "staff.added", stream=StaffMember.STORY, facts={"member": username}, targets=[("staff", user.pk)])
    for role in roles:
        give(op, user_id=user.pk, role=role, by=by)
    return user


def note_seen(user: Any, now: datetime) -> None:
    """Keep that they were here, every few minutes. Not a fact of the book: it is the same row again, and proves nothing."""
    member = rights.member_of(user)
    seen = _latest(user, member)
    if seen is not None and seen > now - SEEN_EVERY:
        return
    if member is None:
        StaffMember.objects.bulk_create([StaffMember(user_id=user.pk, roles=[], seen_at=now)], ignore_conflicts=True)
    else:
        StaffMember.objects.filter(pk=member.pk).update(seen_at=now)


def _latest(user: Any, member: StaffMember | None) -> datetime | None:
    return max(filter(None, (user.last_login, member.seen_at if member is not None else None)), default=None)


def _administrators() -> QuerySet[Any]:
    """Those who may sign in and give roles. Read under the lock of the story `staff`, through which every change goes."""
    found = StaffMember.objects.filter(user__is_active=True, user__is_staff=True).values_list("user_id", "roles")
    pks = [pk for pk, roles in found if ADMINISTRATOR in roles]
    return get_user_model().objects.filter(is_active=True, is_staff=True).filter(Q(is_superuser=True) | Q(pk__in=pks))


def _member(op: Operation, user_id: int, role: str, by: frozenset[str]) -> tuple[Any, StaffMember]:
    if role not in ROLES:
        raise UnknownRole(errors=[("#/role", f"One of {', '.join(ROLES)}.")])
    op.open_stream(StaffMember.STORY)
    user = get_user_model().objects.filter(pk=user_id, is_staff=True).first()
    if user is None:
        raise Missing
    if (op.actor.type, op.actor.id) == (STAFF, str(user_id)):
        raise YourOwnRoles
    if op.actor.type == STAFF:  # their own roles may have been taken while they waited for the lock
        by &= rights.held(get_user_model().objects.filter(pk=op.actor.id).first() if op.actor.id.isdecimal() else None)
    if WRITE not in by:
        raise rights.RightMissing(WRITE)
    if not ROLES[role].rights <= by:
        raise MoreThanYours
    user.member = StaffMember.objects.get_or_create(user_id=user_id)[0]
    return user, user.member


def _change(op: Operation, user: Any, kind: str, *, role: str, roles: list[str]) -> None:
    """The book first, then the row."""
    facts = {"member": user.get_username(), "role": role, "before": list(user.member.roles), "after": roles}
    op.record(user, kind, stream=StaffMember.STORY, facts=facts, targets=[("staff", user.pk)])
    user.member.roles = roles
    user.member.save(update_fields=["roles"])
