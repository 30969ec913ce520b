"""Webhooks of channels: each signature over the raw bytes, kept first, taken in afterwards (D1)."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
from datetime import timedelta
from email.utils import formatdate
from typing import TYPE_CHECKING, Any

import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from django.conf import settings
from django.utils import timezone

from orders.channels import accounts, ingest, talking
from orders.channels.reading import loads
from orders.channels.talking import Page
from orders.models import ChannelAccount, ChannelNotice, Order
from orders.privacy import channel_bodies, retention
from tests import makers
from tests.channels.bodies import body
from timeline import relay
from timeline.erasing import Erased
from timeline.operations import operation

if TYPE_CHECKING:
    from datetime import datetime

pytestmark = pytest.mark.django_db
SECRET = "hush"


def account(channel: str, **credentials: str) -> ChannelAccount:
    with operation("test.account", actor=makers.TESTER) as op:
        return accounts.add(
            op, code=f"my-{channel}", channel=channel, name="Mine", base_url="", credentials={"webhookSecret": SECRET, **credentials}
        )


def base64_hmac(key: bytes, text: bytes) -> str:
    return base64.b64encode(hmac.new(key, text, hashlib.sha256).digest()).decode()


def call(code: str, raw: bytes, **headers: str) -> int:
    return makers.nobody().send("POST", f"/webhooks/channels/{code}", raw, **headers).status_code


def work() -> None:
    for _ in range(20):
        if not relay.relay_due():
            return


def test_shopify_signs_the_bytes_and_the_order_comes_once() -> None:
    makers.product("KURTA-M", units=50)
    makers.product("STOLE-1", units=50)
    account("shopify")
    raw = json.dumps(body("shopify")).encode()
    good = {"X-Shopify-Hmac-Sha256": base64_hmac(SECRET.encode(), raw), "X-Shopify-Topic": "orders/create"}
    assert call("my-shopify", raw + b" ", **good) == 401
    assert call("my-shopify", raw) == 401
    assert call("nobody", raw, **good) == 404
    assert [call("my-shopify", raw, **good) for _ in range(2)] == [200, 200]
    work()
    assert Order.objects.get().total_minor == 109900
    notice = ChannelNotice.objects.get()
    assert (notice.repeats, notice.outcome, notice.topic) == (1, "1 created", "orders/create")
    odd = b"not json"
    assert call("my-shopify", odd, **{"X-Shopify-Hmac-Sha256": base64_hmac(SECRET.encode(), odd)}) == 200
    work()
    assert ChannelNotice.objects.filter(outcome__contains="not JSON").exists()


def test_woocommerce_pings_unsigned_and_signs_the_rest() -> None:
    account("woocommerce")
    assert call("my-woocommerce", b"webhook_id=7", content_type="application/x-www-form-urlencoded") == 200
    raw = json.dumps(body("woocommerce")).encode()
    assert call("my-woocommerce", raw, **{"X-WC-Webhook-Signature": base64_hmac(b"other", raw)}) == 401
    assert call("my-woocommerce", raw, **{"X-WC-Webhook-Signature": base64_hmac(SECRET.encode(), raw)}) == 200
    assert ChannelNotice.objects.count() == 1


class Answering:
    """A channel that knows one body."""

    tells_shipped = False

    def __init__(self, said: Any) -> None:
        self.said = said
        self.asked: list[str] = []

    def page(self, since: datetime, mark: str) -> Page:
        return Page([self.said])

    def fetch(self, order_id: str) -> list[Any]:
        self.asked.append(order_id)
        return [self.said]

    def tell_shipped(self, sent: Any) -> None:
        raise AssertionError(sent)


def test_bigcommerce_sends_a_name_by_standard_webhooks_and_the_order_is_fetched(monkeypatch: pytest.MonkeyPatch) -> None:
    makers.product("KURTA-M", units=50)
    account("bigcommerce")
    there = Answering(json.loads(json.dumps(body("bigcommerce"))))
    monkeypatch.setitem(talking.TALKS, "bigcommerce", lambda _: there)
    raw = json.dumps({"scope": "store/order/created", "store_id": "1", "data": {"type": "order", "id": 118}, "hash": "x"}).encode()
    stamp = str(int(time.time()))
    signed = base64_hmac(SECRET.encode(), f"msg_1.{stamp}.".encode() + raw)
    head = {"webhook-id": "msg_1", "webhook-signature": f"v1,{signed} v1,bogus"}
    assert call("my-bigcommerce", raw, **head, **{"webhook-timestamp": str(int(stamp) - 900)}) == 401
    assert call("my-bigcommerce", raw, **head, **{"webhook-timestamp": stamp}) == 200
    work()
    assert (there.asked, Order.objects.get().total_minor) == (["118"], 11000)


def test_ebays_key_is_named_and_its_challenge_answered() -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    pem = key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo).decode()
    account("ebay", publicKeys=json.dumps({"k1": pem.replace("\n", "")}), verificationToken="t" * 40)
    raw = b'{"notification": {}}'
    said = {"alg": "ecdsa", "kid": "k1", "signature": base64.b64encode(key.sign(raw, ec.ECDSA(hashes.SHA1()))).decode(), "digest": "SHA1"}  # noqa: S303 as eBay does
    head = base64.b64encode(json.dumps(said).encode()).decode()
    assert call("my-ebay", raw, **{"X-EBAY-SIGNATURE": head}) == 200
    assert call("my-ebay", raw + b" ", **{"X-EBAY-SIGNATURE": head}) == 401
    asked = makers.nobody().get("/webhooks/channels/my-ebay", challenge_code="abc")
    wanted = hashlib.sha256(f"abc{'t' * 40}{settings.PUBLIC_URL}/webhooks/channels/my-ebay".encode()).hexdigest()
    assert makers.read(asked) == {"challengeResponse": wanted}


def test_flipkart_signs_date_and_address_and_its_shipment_is_fetched(monkeypatch: pytest.MonkeyPatch) -> None:
    makers.product("KURTA-M", units=50)
    account("flipkart", appId="app1")
    there = Answering(loads(json.dumps(body("flipkart")).encode()))
    monkeypatch.setitem(talking.TALKS, "flipkart", lambda _: there)
    now = int(time.time())
    url = f"{settings.PUBLIC_URL}/webhooks/channels/my-flipkart"
    signature = hashlib.sha1(f"{now}{url}POST{SECRET}".encode()).hexdigest()  # noqa: S324 as Flipkart does
    head = {"X-Date": formatdate(now, usegmt=True), "X-Authorization": "FKLOGIN " + base64.b64encode(f"app1:{signature}".encode()).decode()}
    raw = b'{"eventType": "shipment_created", "source": "flipkart", "shipmentId": "ship-1", "attributes": {"status": "APPROVED"}}'
    assert call("my-flipkart", raw, **head) == 200
    assert call("my-flipkart", raw, **{**head, "X-Date": formatdate(now - 60, usegmt=True)}) == 401
    work()
    assert (there.asked, Order.objects.get().total_minor) == (["ship-1"], 103900)


def test_a_message_that_was_not_taken_in_is_let_go_of_in_time_or_with_its_buyer(settings: Any) -> None:
    """B69, B95: an account's messages keep no body for longer than others do, nor of who was erased."""
    row = account("shopify")
    raws = [json.dumps({"about": number, "email": "jon@example.ca"}).encode() for number in (body("shopify")["id"], "other")]
    for raw in raws:
        assert call("my-shopify", raw, **{"X-Shopify-Hmac-Sha256": base64_hmac(SECRET.encode(), raw)}) == 200
    work()
    assert ChannelNotice.objects.filter(outcome="1 refused").exclude(sealed=b"").count() == 2
    taken = ingest.take(channel="shopify", said=loads(json.dumps(body("shopify")).encode()), actor=makers.TESTER, account=row)
    assert taken.row is not None
    person = taken.row.person
    erased = Erased(person.pk, person.key_id, (), person.created_at - timedelta(days=1))
    with operation("test.erase", actor=makers.TESTER) as op:
        assert channel_bodies.empty(op, erased, channel_bodies.find(erased)) == 1
    assert [notice.body() for notice in ChannelNotice.objects.exclude(sealed=b"")] == [raws[1]]

    settings.RETAIN_NOTICES_DAYS = 30
    assert "channel_notices" not in retention.apply(timezone.now() + timedelta(days=29))
    assert retention.apply(timezone.now() + timedelta(days=31))["channel_notices"] == 1
    assert not ChannelNotice.objects.exclude(sealed=b"").exists()


def test_a_timestamp_of_odd_digits_is_a_wrong_signature() -> None:
    account("bigcommerce")
    head = {"webhook-id": "msg_1", "webhook-signature": "v1,bogus", "webhook-timestamp": "\u00b2\u00b2"}
    assert call("my-bigcommerce", b"{}", **head) == 401
