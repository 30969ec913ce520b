"""What pages are made of: icons, money, pills, times. Words of the shop are in `WORDS`, one glossary for all pages."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlencode
from uuid import uuid4

from django import template
from django.templatetags.static import static
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

from timeline import currencies
from timeline.vocabulary import amounts as amounts_text
from timeline.vocabulary import money as money_text

if TYPE_CHECKING:
    from collections.abc import Mapping

register = template.Library()

HUES: Final = 6
_MINUTE, _HOUR, _DAY = 60, 3600, 86_400

# key of a pill -> tone (its colour), icon, word for staff. Colour is never the only sign.
PILLS: Final[Mapping[str, tuple[str, str, str]]] = {
    "pending": ("pending", "clock", "Pending"),
    "confirmed": ("confirmed", "check", "Confirmed"),
    "processing": ("processing", "box", "Processing"),
    "shipped": ("shipped", "truck", "Shipped"),
    "delivered": ("delivered", "checks", "Delivered"),
    "cancelled": ("cancelled", "cross", "Cancelled"),
    "refunded": ("refunded", "return", "Refunded"),
    "pay-unpaid": ("pending", "clock", "Awaiting"),
    "pay-cod": ("confirmed", "cash", "Cash at the door"),
    "pay-void": ("cancelled", "cross", "Voided"),
    "pay-authorized": ("confirmed", "clock", "Authorised"),
    "pay-paid": ("delivered", "checks", "Paid"),
    "pay-partially_refunded": ("refunded", "return", "Part refunded"),
    "pay-refunded": ("refunded", "return", "Refunded"),
    "pay-failed": ("danger", "cross", "Failed"),
    "pay-in_doubt": ("pending", "alert", "In doubt"),
    "pay-disputed": ("danger", "alert", "Disputed"),
    "hold": ("pending", "pause", "On hold"),
    "refund-requested": ("pending", "return", "Asked for"),
    "refund-pending": ("pending", "clock", "On its way"),
    "refund-in_doubt": ("pending", "alert", "In doubt"),
    "refund-processed": ("delivered", "checks", "Paid out"),
    "refund-failed": ("danger", "cross", "Failed"),
    "refund-declined": ("cancelled", "cross", "Declined"),
    "severity-high": ("danger", "alert", "High"),
    "severity-medium": ("pending", "clock", "Medium"),
    "severity-low": ("confirmed", "checks", "Low"),
    "dispute-open": ("danger", "alert", "To answer"),
    "dispute-under_review": ("pending", "clock", "Under review"),
    "dispute-won": ("delivered", "checks", "Won"),
    "dispute-lost": ("danger", "cross", "Lost"),
    "dispute-closed": ("cancelled", "cross", "Closed"),
    "work-awaiting_inventory": ("danger", "clock", "Waits for stock"),
    "work-scheduled": ("pending", "clock", "Scheduled"),
    "work-released": ("confirmed", "check", "To pick"),
    "work-picking": ("processing", "box", "Being picked"),
    "work-packed": ("processing", "checks", "Packed"),
    "ticket-open": ("pending", "clock", "To answer"),
    "ticket-waiting": ("confirmed", "mail", "Customer's turn"),
    "ticket-closed": ("cancelled", "checks", "Closed"),
    "claim-open": ("danger", "alert", "To file"),
    "claim-filed": ("pending", "clock", "Filed"),
    "claim-paid": ("delivered", "checks", "Paid"),
    "claim-refused": ("danger", "cross", "Refused"),
    "claim-dropped": ("cancelled", "cross", "Dropped"),
    "return-requested": ("pending", "clock", "Asked for"),
    "return-approved": ("confirmed", "check", "Approved"),
    "return-pickup_booked": ("processing", "tag", "Pickup booked"),
    "return-on_the_way": ("shipped", "truck", "On the way"),
    "return-received": ("processing", "box", "Received"),
    "return-inspected": ("refunded", "return", "Inspected"),
    "return-closed": ("delivered", "checks", "Closed"),
    "return-declined": ("danger", "cross", "Declined"),
    "return-cancelled": ("cancelled", "cross", "Called off"),
    "return-expired": ("cancelled", "clock", "Expired"),
    "parcel-booked": ("pending", "clock", "Booked"),
    "parcel-labelled": ("processing", "tag", "Labelled"),
    "parcel-shipped": ("shipped", "truck", "Handed over"),
    "parcel-in_transit": ("shipped", "truck", "In transit"),
    "parcel-out_for_delivery": ("shipped", "truck", "Out for delivery"),
    "parcel-attempted": ("pending", "alert", "Not delivered"),
    "parcel-delivered": ("delivered", "checks", "Delivered"),
    "parcel-lost": ("danger", "alert", "Lost"),
    "parcel-returning": ("refunded", "return", "Coming back"),
    "parcel-returned": ("refunded", "return", "Received back"),
    "parcel-cancelled": ("cancelled", "cross", "Cancelled"),
}


@register.simple_tag
def icon(name: str, label: str = "") -> SafeString:
    """An icon of the sprite; without a label it is decoration and hidden from screen readers."""
    href = f"{static('bahi/icons.svg')}#{name}"
    if label:
        return format_html('<svg class="ic" role="img" aria-label="{}"><use href="{}"/></svg>', label, href)
    return format_html('<svg class="ic" aria-hidden="true"><use href="{}"/></svg>', href)


@register.simple_tag
def pill(key: str, word: str = "") -> SafeString:
    """A pill of the glossary: tone, icon and word."""
    tone, sign, known = PILLS.get(key, ("cancelled", "info", key.replace("_", " ").capitalize()))
    return format_html('<span class="pill" data-tone="{}">{}{}</span>', tone, icon(sign), word or known)


@register.simple_tag
def behind(row: Any, size: int) -> int:
    """How many places of the log an endpoint was not told of yet."""
    return max(size - int(row.cursor), 0)


@register.filter
def money(minor: int | None, currency: str) -> str:
    """Paise as `₹3,18,420.99`, with a true minus sign, other currencies as `1,234.50 USD`; nothing for nothing."""
    return "" if minor is None else money_text(int(minor), currency)


@register.filter
def minus(minor: int | None, currency: str) -> str:
    """Paise taken away: `−₹112.00`."""
    return money(-(minor or 0), currency)


@register.filter
def amounts(by_currency: Mapping[str, int]) -> str:
    """A sum for each currency: `₹3,18,420.99 + 500 JPY`."""
    return amounts_text(by_currency)


@register.filter
def typed(minor: int | None, currency: str) -> str:
    """Minor units as an input's value: `998.00`, yen as `998`."""
    return currencies.typed(int(minor or 0), currency)


@register.filter
def said_unit(currency: str) -> str:
    """What amounts of a currency are counted in: `in rupees`, `in JPY`."""
    return currencies.said(currency)


@register.filter
def percent(basis_points: int) -> str:
    """`5%`, `0.25%`."""
    whole, rest = divmod(int(basis_points), 100)
    return f"{whole}.{rest:02d}".rstrip("0").rstrip(".") + "%"


@register.simple_tag
def at(moment: datetime | None, style: str = "full") -> SafeString | str:
    """A moment in the shop's time zone, exact in its title. Styles: full, day, clock, short (clock today, else day)."""
    if moment is None:
        return ""
    here = timezone.localtime(moment)
    zone = here.strftime("%Z")
    same_day = here.date() == timezone.localtime().date()
    words = {
        "full": f"{here:%-d %b %Y, %H:%M} {zone}",
        "day": f"{here:%-d %b %Y}",
        "clock": f"{here:%H:%M}",
        "short": f"{here:%H:%M}" if same_day else f"{here:%-d %b, %H:%M}",
    }
    return _time(moment, here, words[style])


@register.simple_tag
def ago(moment: datetime | None, now: datetime) -> SafeString | str:
    """How long ago: `3 min`, `25 h`, `6 d`; the exact moment is in the title."""
    if moment is None:
        return ""
    return _time(moment, timezone.localtime(moment), span((now - moment).total_seconds()))


def span(seconds: float) -> str:
    """A length of time in one unit."""
    passed = max(0, int(seconds))
    if passed < _HOUR * 2:
        return f"{passed // _MINUTE} min"
    return f"{passed // _HOUR} h" if passed < _DAY * 3 else f"{passed // _DAY} d"


@register.filter
def tone(text: str) -> str:
    """One of a few hues for a word, always the same for the same word."""
    tones = ("pending", "confirmed", "processing", "shipped", "delivered", "refunded")
    return tones[sum(str(text).encode()) % HUES]


@register.filter
def initial(text: str) -> str:
    """The first letter of a word, for a tile."""
    return next((letter.upper() for letter in str(text) if letter.isalnum()), "·")


@register.simple_tag(takes_context=True)
def once(context: template.Context) -> SafeString:
    """The hidden field that makes a form act once, however often it is sent; with the version it was read at, if any."""
    field = format_html('<input type="hidden" name="idempotency_key" value="{}">', uuid4().hex)
    version = context.get("version")
    if version is None:
        return field
    return field + format_html('<input type="hidden" name="version" value="{}">', version)


@register.simple_tag(takes_context=True)
def query(context: template.Context, **changes: Any) -> SafeString:
    """The page's query string with these changes; an empty value takes a key away. Paging starts anew."""
    pairs = context["request"].GET.copy()
    for key in ("cursor", "page"):
        pairs.pop(key, None)
    for key, value in changes.items():
        if value in ("", None):
            pairs.pop(key, None)
        else:
            pairs[key] = str(value)
    return mark_safe("?" + urlencode([(k, v) for k, vs in pairs.lists() for v in vs]).replace("&", "&amp;"))  # noqa: S308 quoted


@register.simple_tag(takes_context=True)
def query_with(context: template.Context, key: str, value: str) -> SafeString:
    """The page's query string with one key as given; an empty value takes it away."""
    return query(context, **{key: value})


@register.filter
def words(text: str) -> list[str]:
    """A list of words, for short choices in a template."""
    return text.split()


@register.filter
def said(code: str) -> str:
    """A code in words: `out_for_delivery` is said `Out for delivery`."""
    return str(code).replace("_", " ").capitalize()


@register.filter
def signed(number: int) -> str:
    """A change: `+3`, `−3`, nothing for none."""
    return f"{number:+d}".replace("-", "−") if number else ""


@register.filter
def prefixed(text: str) -> str:
    """A query string with its question mark; nothing for nothing."""
    return f"?{text}" if text else ""


@register.filter
def plain(number: int) -> str:
    """A whole number without grouping, for machines."""
    return str(int(number))


@register.filter
def month(moment: datetime) -> str:
    """`November 2026`, in the shop's time zone."""
    return f"{timezone.localtime(moment):%B %Y}"


def _time(moment: datetime, here: datetime, words: str) -> SafeString:
    exact = f"{here:%-d %b %Y, %H:%M:%S} {here:%Z}"
    stamp = moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return format_html('<time datetime="{}" title="{}">{}</time>', stamp, exact, words)
