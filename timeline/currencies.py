"""How many decimals the minor unit of a currency has (ISO 4217): an amount is a whole number of them. Pure."""

from __future__ import annotations

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


def decimals(currency: str) -> int | None:
    """Decimals of the currency's minor unit; None for a code that is no currency we know."""
    return DECIMALS.get(currency)


def plain(minor: int, currency: str) -> str:
    """`1,234.50 USD`, `500 JPY`, `1.250 KWD`: an amount of any currency in words."""
    places = DECIMALS.get(currency, 2)
    whole, rest = divmod(abs(minor), 10**places)
    tail = f".{rest:0{places}d}" if places else ""
    return f"{'−' if minor < 0 else ''}{whole:,}{tail} {currency}"
