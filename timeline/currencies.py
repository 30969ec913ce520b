"""How many decimals the minor unit of a currency has (ISO 4217): an amount is a whole number of them. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

_NONE = "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF"
_THREE = "BHD IQD JOD KWD LYD OMR TND"
_TWO = (
    "AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF CHF CNY COP CRC CUP"
    " CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GTQ GYD HKD HNL HTG HUF IDR ILS INR IRR JMD KES KGS"
    " KHR KPW KYD KZT LAK LBP LKR LRD LSL MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD"
    " PAB PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TOP"
    " TRY TTD TWD TZS UAH USD UYU UZS VES WST XCD YER ZAR ZMW ZWG"
)
DECIMALS: dict[str, int] = {
    **dict.fromkeys(_NONE.split(), 0), **dict.fromkeys(_TWO.split(), 2), **dict.fromkeys(_THREE.split(), 3)
}

SIGNS: dict[str, str] = {
    "AUD": "$", "CAD": "$", "CNY": "¥", "EUR": "€", "GBP": "£", "HKD": "$", "ILS": "₪", "INR": "₹", "JPY": "¥", "KRW": "₩",
    "NGN": "₦", "NZD": "$", "PHP": "₱", "SGD": "$", "TRY": "₺", "UAH": "₴", "USD": "$", "VND": "₫",
}


def decimals(currency: str) -> int | None:
    """Decimals of the currency's minor unit; None for a code that is no currency we know."""
    return DECIMALS.get(currency)


def exponent(currency: str) -> int:
    """Decimals of the currency's minor unit; two for a code that is no currency we know."""
    return DECIMALS.get(currency, 2)


def plain(minor: int, currency: str) -> str:
    """`1,234.50 USD`, `500 JPY`, `1.250 KWD`: an amount of any currency in words."""
    whole, tail = _parts(minor, currency)
    return f"{'−' if minor < 0 else ''}{whole:,}{tail} {currency}"


def typed(minor: int, currency: str) -> str:
    """`1234.50`, `500`, `-1.250`: an amount as a field or a file has it, without sign and grouping."""
    whole, tail = _parts(minor, currency)
    return f"{'-' if minor < 0 else ''}{whole}{tail}"


def said(currency: str) -> str:
    """`in rupees`, `in JPY`: what amounts are counted in, as a label says it."""
    return "in rupees" if currency == "INR" else f"in {currency}"


def summed(rows: Iterable[tuple[str, int]]) -> dict[str, int]:
    """The sum of each currency, from pairs of a currency and an amount."""
    found: dict[str, int] = {}
    for currency, minor in rows:
        found[currency] = found.get(currency, 0) + minor
    return found


def _parts(minor: int, currency: str) -> tuple[int, str]:
    places = exponent(currency)
    whole, rest = divmod(abs(minor), 10**places)
    return whole, f".{rest:0{places}d}" if places else ""
