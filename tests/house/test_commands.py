"""The commands a person types: each does one thing, prints what a script can take, and fails with a reason."""

from __future__ import annotations

import base64
import io
import re
import uuid
from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.core.management import CommandError, call_command
from django.test import Client

from config import env
from config.local import keys, processes
from config.schedule import SCHEDULE
from orders.models import Person
from tests.flows import makers
from timeline import vault
from timeline.models import ApiClient, Delivery, Event

pytestmark = pytest.mark.django_db(transaction=True)


def said(*words: str, **options: Any) -> str:
    out = io.StringIO()
    call_command(*words, stdout=out, **options)
    return out.getvalue().strip()


def test_a_customers_token_opens_the_storefront() -> None:
    with pytest.raises(CommandError, match="--create makes one"):
        said("token", "customer", "priya@example.in")
    token = said("token", "customer", "priya@example.in", "--create")
    answer = Client().get("/storefront/orders", headers={"Authorization": f"Bearer {token}"})
    assert (answer.status_code, answer.json()["data"]) == (200, [])
    assert said("token", "customer", " PRIYA@example.in ") != ""
    assert Person.objects.count() == 1
    assert Event.objects.filter(kind="person.added").count() == 1


def test_an_api_key_opens_what_its_scopes_say_until_it_is_revoked() -> None:
    key = said("apikey", "create", "fulfilment", "--scope", "orders:read")
    headers = {"Authorization": f"Bearer {key}"}
    assert Client().get("/admin/orders", headers=headers).status_code == 200
    refused = Client().post(f"/admin/orders/{uuid.uuid4()}/notes", {}, content_type="application/json", headers=headers)
    assert refused.status_code == 403
    assert key.encode() not in bytes(ApiClient.objects.get().key_hash)
    with pytest.raises(CommandError, match="already"):
        said("apikey", "create", "fulfilment", "--scope", "*")
    said("apikey", "revoke", "fulfilment")
    assert Client().get("/admin/orders", headers=headers).status_code == 401


def test_the_runner_runs_every_task_once(shop_gateway: Any) -> None:
    makers.product("TEA-1")
    placed = makers.complete(makers.ready_checkout({"TEA-1": 1}))
    said("runner", "--once")
    assert makers.payment_of(placed.order).status == "created"


@pytest.mark.parametrize("tick", SCHEDULE, ids=lambda tick: tick.task)
def test_every_scheduled_task_exists(tick: Any) -> None:
    from django.utils.module_loading import import_string

    assert import_string(tick.task).name == tick.task


def test_probes_answer() -> None:
    assert Client().get("/livez").json() == {"status": "ok"}
    ready = Client().get("/readyz")
    assert (ready.status_code, ready.json()["status"]) == (200, "ok")
    text = Client().get("/metrics").content.decode()
    assert "bahi_deliveries" in text
    assert "order_status_distribution" in text


def test_readyz_is_red_when_a_trigger_is_gone() -> None:
    from timeline import triggers

    triggers.drop()
    answer = Client().get("/readyz")
    triggers.attach()
    assert (answer.status_code, answer.json()["checks"]["triggers"]) == (503, False)


def test_there_is_no_sandbox_unless_the_shop_uses_one() -> None:
    assert Client().get("/sandbox/razorpay/v1/orders").status_code == 404


def test_the_env_file_is_made_once_with_secrets_of_its_own(tmp_path: Path) -> None:
    path = tmp_path / ".env"
    assert keys.ensure_env_file(path)
    text = path.read_text()
    assert path.stat().st_mode & 0o777 == 0o600
    assert re.search(r"^VAULT_KEYS=k1:\S{44}$", text, re.MULTILINE)
    assert re.search(r"^RAZORPAY_KEY_ID=rzp_test_\w{14}$", text, re.MULTILINE)
    assert not keys.ensure_env_file(path)
    assert path.read_text() == text
    assert {line.partition("=")[0] for line in text.splitlines() if "=" in line and line[0] != "#"} == {
        variable.name for variable in env.VARIABLES
    }


def test_a_taken_port_is_passed_over() -> None:
    import socket

    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        assert processes.free_port(port) != port


def test_a_parked_delivery_is_listed_retried_and_dropped(shop_gateway: Any) -> None:
    makers.product("TEA-1")
    makers.complete(makers.ready_checkout({"TEA-1": 1}))
    first, second = Delivery.objects.order_by("id")[:2]
    Delivery.objects.filter(pk__in=[first.pk, second.pk]).update(state="parked", error="ordered to fail")
    assert len(said("parked", "list").splitlines()) == 2
    said("parked", "retry", str(first.pk))
    said("parked", "drop", str(second.pk))
    assert set(Delivery.objects.filter(pk__in=[first.pk, second.pk]).values_list("state", flat=True)) == {"due", "dropped"}
    with pytest.raises(CommandError, match="is not parked"):
        said("parked", "retry", str(second.pk))
    with pytest.raises(CommandError, match="Name the delivery"):
        said("parked", "drop")


def test_f86_a_new_master_key_takes_over(settings: Any) -> None:
    makers.product("TEA-1")
    person = makers.ready_checkout({"TEA-1": 1}).person_id
    old = list(settings.VAULT_KEYS)
    settings.VAULT_KEYS = [f"new:{base64.b64encode(bytes(32)).decode()}", *old]
    assert said("rewrap").startswith("3 keys"), "house, index and the customer's"
    assert said("rewrap").startswith("0 keys")
    settings.VAULT_KEYS = settings.VAULT_KEYS[:1]
    assert Person.objects.select_related("key").get(pk=person).profile()["email"].endswith("@example.in")
    settings.VAULT_KEYS = old
    vault._unwrap.cache_clear()
    with pytest.raises(ImproperlyConfigured, match="missing or wrong"):
        Person.objects.select_related("key").get(pk=person).profile()
