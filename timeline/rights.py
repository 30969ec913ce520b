"""Rights: one vocabulary for API keys and people, and the roles that people hold (B70).

A key carries rights as its scopes. A member of staff holds roles, each a fixed set of the same rights; several roles add up.
Whoever calls, by key or by login, at a page or at the API, is asked for the same right: `require` and nothing else decides.
`docs/roles.md` is generated from these tables.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from timeline.errors import Forbidden
from timeline.models import StaffMember

if TYPE_CHECKING:
    from collections.abc import Iterable

ALL: Final = "*"
RIGHTS: Final[dict[str, str]] = {
    "orders:read": "Read orders, parcels, tickets, jobs, channels and risk",
    "orders:write": "Confirm, edit, hold and cancel orders; tags, tickets, risk, channels and jobs",
    "notes:write": "Write notes on orders, and correct one's own",
    "customers:read": "See customers in full; without it names, addresses and numbers are masked",
    "customers:reveal": "See one order's customer in full, for a reason that is kept",
    "shipments:write": "Pack, ship, hand over and deliver parcels; claims and manifests",
    "labels:read": "Print labels and packing slips, on which the recipient stands in full",
    "returns:read": "Read returns",
    "returns:write": "Approve, receive, inspect and close returns",
    "refunds:write": "Give money back, up to the limit of one person; above it another must agree",
    "refunds:unlimited": "Give money back without a limit, and agree to what others asked for",
    "payments:read": "Read payments",
    "payments:write": "Capture payments",
    "disputes:read": "Read disputes",
    "disputes:write": "Contest and accept disputes",
    "money:read": "Read settlements, bank lines, the journal, GSTR-1, and what the shop takes",
    "money:write": "Bring bank statements and cash of carriers",
    "reconciliation:read": "Read exceptions and the days' reconciliation",
    "reconciliation:write": "Explain and repair exceptions, close days",
    "inventory:read": "Read stock",
    "inventory:write": "Receive, adjust, move and count stock",
    "events:read": "Read the log of all events",
    "events:write": "Tell events (API keys alone), and retry or drop what the background work parked",
    "endpoints:read": "Read webhooks and their deliveries",
    "endpoints:write": "Make and change webhooks",
    "tracking:read": "Read what is told to tracking systems",
    "tracking:write": "Change what is told to tracking systems",
    "exports:read": "Fetch exports",
    "exports:write": "Ask for exports, of what one may read anyway",
    "privacy:read": "Read customers' requests about their data",
    "privacy:write": "Serve customers' requests about their data",
    "staff:read": "See who works here, with which roles",
    "staff:write": "Give and take roles",
}
# What a key of such a scope has besides: it had it before the narrower right was there.
_SCOPE_BRINGS: Final[dict[str, frozenset[str]]] = {
    "orders:read": frozenset({"money:read"}),
    "orders:write": frozenset({"notes:write"}),
    "shipments:write": frozenset({"labels:read"}),
    "exports:write": frozenset({"exports:read"}),
}
ADMINISTRATOR: Final = "administrator"


@dataclass(frozen=True, slots=True)
class Role:
    """What a member of staff is here for."""

    name: str
    word: str
    sentence: str
    rights: frozenset[str]


def _all_but(*without: str) -> frozenset[str]:
    return frozenset(RIGHTS) - frozenset(without)


_READS: Final = (
    "orders:read", "returns:read", "inventory:read", "payments:read", "disputes:read", "reconciliation:read", "money:read", "events:read",
)
ROLES: Final[dict[str, Role]] = {role.name: role for role in (
    Role("viewer", "Viewer", "Reads, with customers masked, and changes nothing.", frozenset(_READS)),
    Role("support", "Support", "Answers customers: orders, returns, refunds up to the limit, requests about data.", frozenset({
        "orders:read", "orders:write", "notes:write", "customers:read", "customers:reveal", "returns:read", "returns:write", "refunds:write",
        "payments:read", "disputes:read", "inventory:read", "events:read", "privacy:read", "privacy:write",
    })),
    Role("packer", "Packer", "Packs, ships and counts; takes in what comes back. Sees a recipient on the label alone.", frozenset({
        "orders:read", "notes:write", "customers:reveal", "shipments:write", "labels:read", "returns:read", "returns:write",
        "inventory:read", "inventory:write",
    })),
    Role("finance", "Finance", "Money in, money back without a limit, disputes, settlements, the days and exports.", frozenset({
        *_READS, "notes:write", "customers:read", "customers:reveal", "refunds:write", "refunds:unlimited", "payments:write", "disputes:write",
        "money:write", "reconciliation:write", "exports:read", "exports:write",
    })),
    Role("operations", "Operations", "All of a manager's work, with customers masked and no labels.", _all_but(
        "customers:read", "labels:read", "refunds:unlimited", "staff:read", "staff:write",
    )),
    Role("manager", "Manager", "Everything but refunds above the limit and other people's roles.", _all_but(
        "refunds:unlimited", "staff:read", "staff:write",
    )),
    Role(ADMINISTRATOR, "Administrator", "Everything, and gives and takes roles.", frozenset(RIGHTS)),
)}


class RightMissing(Forbidden):
    """Your roles, or your key's scopes, lack the right this needs."""

    slug = "forbidden"
    title = "Not allowed"
    right = ""

    def __init__(self, right: str = "") -> None:
        """Say which right it is, what it is for, and which roles have it."""
        right = right or self.right
        roles = [role.word for role in ROLES.values() if right in role.rights]
        super().__init__(
            f"This needs the right {right} ({RIGHTS[right][0].lower()}{RIGHTS[right][1:]}). {_named(roles)}."
            " Ask an administrator of the shop for it.",
            right=right, roles=roles,
        )


def of_scopes(scopes: Iterable[str]) -> frozenset[str]:
    """The rights of an API key."""
    named = frozenset(scopes)
    if ALL in named:
        return frozenset(RIGHTS)
    return named.union(*(_SCOPE_BRINGS.get(scope, ()) for scope in named))


def of_roles(roles: Iterable[str]) -> frozenset[str]:
    """The rights of somebody with these roles."""
    return frozenset().union(*(ROLES[name].rights for name in roles if name in ROLES))


def roles_of(user: Any) -> tuple[str, ...]:
    """The roles of a member of staff, in the order of the table; none for anybody else. One statement for each `user` that is read."""
    if not (getattr(user, "is_staff", False) and getattr(user, "is_active", False)):
        return ()
    member = member_of(user)
    given = {ADMINISTRATOR} if user.is_superuser else set()
    given |= set(member.roles) if member is not None else set()
    return tuple(name for name in ROLES if name in given)


def member_of(user: Any) -> StaffMember | None:
    """What is kept of a member of staff; None before a first role was given. Read once for each `user`."""
    if not hasattr(user, "_member"):
        user._member = StaffMember.objects.filter(user_id=user.pk).first()
    found: StaffMember | None = user._member
    return found


def held(user: Any, scopes: Any = None) -> frozenset[str]:
    """The rights of who calls: a key's by its scopes, a person's by their roles. At most one statement."""
    if isinstance(scopes, list):
        return of_scopes(scopes)
    return of_roles(roles_of(user))


def of(request: Any) -> frozenset[str]:
    """The rights of who sends this request, at the API or at a page. At most one statement for each request."""
    return held(getattr(request, "user", None), getattr(getattr(request, "auth", None), "scopes", None))


def require(request: Any, right: str) -> None:
    """Raises RightMissing."""
    if right not in of(request):
        raise RightMissing(right)


def _named(roles: list[str]) -> str:
    if len(roles) == 1:
        return f"The role {roles[0]} has it"
    return f"The roles {', '.join(roles[:-1])} and {roles[-1]} have it"
