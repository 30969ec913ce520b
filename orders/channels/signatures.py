"""How each channel signs its webhooks, checked over the raw bytes. Pure: headers in, yes or no out.

Shopify and WooCommerce: base64 of HMAC-SHA256 over the body. BigCommerce and Etsy: Standard Webhooks, `id.timestamp.body`,
within five minutes. eBay: ECDSA over the body by a key it names. Flipkart: SHA-1 of date, address, method and secret; the
body is not in it, so what it says is fetched before it is believed. The others sign nothing and are not taken.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

TOLERANCE = timedelta(minutes=5)
Headers = Mapping[str, str]
Check = Callable[[bytes, Headers, Mapping[str, str], str, datetime], bool]


def is_signed(channel: str, body: bytes, headers: Headers, credentials: Mapping[str, str], *, url: str, now: datetime) -> bool:
    """Whether the channel signed this body; never for one that signs nothing, or without a secret."""
    check = CHECKS.get(channel)
    return check is not None and check(body, headers, credentials, url, now)


def secrets_of(credentials: Mapping[str, str]) -> list[str]:
    """The webhook secret, and its predecessor behind a line break while one is exchanged for the other."""
    return [part for part in credentials.get("webhookSecret", "").split("\n") if part]


def _hmac(header: str) -> Check:
    def check(body: bytes, headers: Headers, credentials: Mapping[str, str], _url: str, _now: datetime) -> bool:
        given = headers.get(header, "")
        return any(_same(_base64(hmac.digest(secret.encode(), body, hashlib.sha256)), given) for secret in secrets_of(credentials))

    return check


def _standard(body: bytes, headers: Headers, credentials: Mapping[str, str], _url: str, now: datetime) -> bool:
    """Standard Webhooks: several signatures may stand in the header, several secrets may hold."""
    message_id, sent = headers.get("webhook-id", ""), headers.get("webhook-timestamp", "")
    if not (sent.isascii() and sent.isdigit()) or len(sent) > 12 or abs(now.timestamp() - int(sent)) > TOLERANCE.total_seconds():  # noqa: PLR2004 digits of seconds
        return False
    signed = f"{message_id}.{sent}.".encode() + body
    given = [part.removeprefix("v1,") for part in headers.get("webhook-signature", "").split() if part.startswith("v1,")]
    wanted = [_base64(hmac.digest(key, signed, hashlib.sha256)) for secret in secrets_of(credentials) for key in _keys(secret)]
    return any(_same(ours, theirs) for ours in wanted for theirs in given)


def _keys(secret: str) -> list[bytes]:
    """The key of `whsec_…`; of a client secret its bytes, as they are and decoded."""
    try:
        decoded = [base64.b64decode(secret.removeprefix("whsec_"), validate=True)]
    except (binascii.Error, ValueError):
        decoded = []
    return [key for key in (decoded if secret.startswith("whsec_") else [secret.encode(), *decoded]) if key]


def _ebay(body: bytes, headers: Headers, credentials: Mapping[str, str], _url: str, _now: datetime) -> bool:
    """`X-EBAY-SIGNATURE` names key and signature; the keys eBay gave out are kept with the account."""
    try:
        said = json.loads(base64.b64decode(headers.get("x-ebay-signature", ""), validate=True))
        known = json.loads(credentials.get("publicKeys") or "{}")
        key = serialization.load_pem_public_key(_pem(known[said["kid"]]).encode())
        if not isinstance(key, ec.EllipticCurvePublicKey):
            return False
        digest = hashes.SHA1() if str(said.get("digest", "SHA1")).upper() == "SHA1" else hashes.SHA256()  # noqa: S303 eBay's choice
        key.verify(base64.b64decode(said["signature"], validate=True), body, ec.ECDSA(digest))
    except (binascii.Error, ValueError, KeyError, TypeError, AttributeError, InvalidSignature, UnsupportedAlgorithm, RecursionError):
        return False
    return True


def _pem(text: str) -> str:
    """EBay gives keys out without line breaks."""
    inner = text.replace("-----BEGIN PUBLIC KEY-----", "").replace("-----END PUBLIC KEY-----", "").strip()
    return f"-----BEGIN PUBLIC KEY-----\n{inner}\n-----END PUBLIC KEY-----\n"


def _flipkart(_body: bytes, headers: Headers, credentials: Mapping[str, str], url: str, now: datetime) -> bool:
    """`FKLOGIN base64(app_id:signature)`; servers that drop names with underscores get them with hyphens."""
    date = headers.get("x_date") or headers.get("x-date", "")
    scheme, _, given = (headers.get("x_authorization") or headers.get("x-authorization", "")).partition(" ")
    try:
        sent = parsedate_to_datetime(date)
        app, _, signature = base64.b64decode(given, validate=True).decode().partition(":")
        at = int(sent.timestamp())
    except (ValueError, TypeError, OverflowError, IndexError, binascii.Error):
        return False
    if scheme != "FKLOGIN" or not _same(app, credentials.get("appId", "")) or abs(now.timestamp() - at) > TOLERANCE.total_seconds():
        return False
    return any(
        _same(hashlib.sha1(f"{at}{url}POST{secret}".encode()).hexdigest(), signature.lower())  # noqa: S324 Flipkart's choice
        for secret in secrets_of(credentials)
    )


def challenge(code: str, token: str, endpoint: str) -> str:
    """EBay's proof that an address is ours: SHA-256 of its code, our token and the address."""
    return hashlib.sha256(f"{code}{token}{endpoint}".encode()).hexdigest()


def _base64(raw: bytes) -> str:
    return base64.b64encode(raw).decode()


def _same(ours: str, given: str) -> bool:
    return bool(ours) and hmac.compare_digest(ours.encode(), given.encode("utf-8", "replace"))


CHECKS: dict[str, Check] = {
    "shopify": _hmac("x-shopify-hmac-sha256"),
    "woocommerce": _hmac("x-wc-webhook-signature"),
    "bigcommerce": _standard,
    "etsy": _standard,
    "ebay": _ebay,
    "flipkart": _flipkart,
}
TOPICS = {"shopify": "x-shopify-topic", "woocommerce": "x-wc-webhook-topic"}
