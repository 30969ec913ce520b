"""A customer is also the guests they were: their carts, their requests and what was said of their orders go together (C15, B95)."""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from orders import abandoned, checkout, locks
from orders.bulk import running
from orders.models import Checkout, DataRequest, JobChunk, Line, Order, Person
from orders.operations import accounts, cancel, identify, privacy
from orders.privacy import archives, erasures, retention
from tests import makers
from timeline import vault
from timeline.actors import system
from timeline.operations import operation
from timeline.vault import PersonErased

pytestmark = pytest.mark.django_db(transaction=True)
CLOCK = system("checkout")


def sign_in(who: makers.Caller) -> makers.Caller:
    """The guest turns out to be a customer."""
    me = makers.customer()
    assert who.person_id is not None
    assert me.person_id is not None
    with operation("test.transfer", actor=makers.TESTER) as op:
        identify.transfer(op, guest_id=who.person_id, customer_id=me.person_id)
    return me


def ask(person_id: uuid.UUID | None, kind: str = "erasure") -> DataRequest:
    assert person_id is not None
    with operation("test.ask", actor=makers.TESTER) as op:
        return privacy.ask(op, person_id=person_id, kind=kind)


def cart(who: makers.Caller, **choices: str) -> Checkout:
    sku = makers.product(units=5).sku
    wish = {"lines": [{"sku": sku, "quantity": 1, "metadata": choices}]}
    return Checkout.objects.get(pk=makers.read(who.post("/storefront/checkouts", wish), 201)["id"])


def leave_alone(found: Checkout, minutes: int) -> None:
    Checkout.objects.filter(pk=found.pk).update(updated_at=timezone.now() - timedelta(minutes=minutes))


@pytest.mark.parametrize("is_abandoned", [False, True])
def test_an_erasure_ends_every_cart_that_could_go_on(is_abandoned: bool) -> None:
    me = makers.customer()
    left = cart(me)
    if is_abandoned:
        leave_alone(left, 90)
        abandoned.tell_due(timezone.now())
    ask(me.person_id)
    erasures.serve_due(timezone.now())
    assert Checkout.objects.get().status == "expired"
    assert makers.read(me.patch(f"/storefront/checkouts/{left.pk}", {"name": "Meera"}), 409)["type"] != "/problems/person-erased"


def erased_behind_the_carts_back(found: Checkout) -> None:
    """As a release before this one left them, or as a restored backup brings them back."""
    Person.objects.filter(pk=found.person_id).update(erased_at=timezone.now())


def test_the_abandoned_cart_of_who_was_erased_is_not_taken_up_again() -> None:
    left = cart(makers.customer())
    leave_alone(left, 90)
    abandoned.tell_due(timezone.now())
    erased_behind_the_carts_back(left)
    with pytest.raises(PersonErased), operation("test.see", actor=makers.TESTER, stream=str(left.pk)) as op:
        checkout.see_prices(op, checkout_id=left.pk)


def test_the_cart_of_who_was_erased_keeps_no_other_from_its_end() -> None:
    left, other = cart(makers.customer()), cart(makers.customer())
    leave_alone(left, 2000)
    leave_alone(other, 1990)
    erased_behind_the_carts_back(left)
    assert abandoned.tell_due(timezone.now()) == 1
    assert checkout.expire_due(timezone.now(), actor=CLOCK) == 1
    assert Checkout.objects.get(pk=other.pk).status == "expired"


def test_who_is_erased_while_the_sweep_runs_is_passed_over(monkeypatch: pytest.MonkeyPatch) -> None:
    """The sweep has listed the cart already; the lock tells."""
    left, other = cart(makers.customer()), cart(makers.customer())
    leave_alone(left, 2000)
    leave_alone(other, 1990)
    lock = locks.checkout

    def late(pk: uuid.UUID) -> Checkout:
        erased_behind_the_carts_back(left)
        return lock(pk)

    monkeypatch.setattr(locks, "checkout", late)
    assert abandoned.tell_due(timezone.now()) == 1
    assert checkout.expire_due(timezone.now(), actor=CLOCK) == 1


@pytest.fixture
def guest_order(settings: Any) -> tuple[makers.Caller, Order]:
    """Ordered and cancelled as a guest, who then signs in; nothing needs the data any longer."""
    settings.PRIVACY_KEEP_DAYS = 0
    who = makers.customer("guest")
    wanted = cart(who, engraving="Forever yours")
    details = {"email": "meera@example.com", "shippingAddress": makers.address(), "paymentMethod": "cod"}
    makers.read(who.patch(f"/storefront/checkouts/{wanted.pk}", details))
    makers.read(who.post(f"/storefront/checkouts/{wanted.pk}/complete", {}, key=True), 201)
    order = Order.objects.get()
    makers.read(makers.staff().post("/admin/jobs/statuses", {"csv": f"order_number,status,note\n{order.number},shipped,With Larkspur\n"}, key=True), 202)
    running.run_due()
    with operation("test.cancel", actor=makers.TESTER, stream=str(order.pk)) as op:
        cancel.cancel(op, order_id=order.pk)
    return who, order


def test_what_was_said_as_a_guest_is_emptied_with_the_customer(guest_order: tuple[makers.Caller, Order]) -> None:
    """Choices and rows of files lie under no key of the person: they are found by the guest's orders."""
    who, _ = guest_order
    me = sign_in(who)
    assert any("With Larkspur" in str(chunk.rows()) for chunk in JobChunk.objects.all())
    ask(me.person_id)
    erasures.serve_due(timezone.now())
    assert not Person.objects.filter(erased_at=None).exists()
    assert not Line.objects.exclude(metadata={}).exists()
    assert not any("With Larkspur" in str(chunk.rows()) for chunk in JobChunk.objects.all())


def test_what_a_guest_had_asked_ends_with_the_customer(guest_order: tuple[makers.Caller, Order]) -> None:
    who, _ = guest_order
    ask(who.person_id)
    ask(who.person_id, "access")
    me = sign_in(who)
    asked = ask(me.person_id)
    with operation("test.look", actor=makers.TESTER) as op:
        DataRequest.objects.exclude(pk=asked.pk).update(due_at=op.now + timedelta(days=1))
    erasures.serve_due(timezone.now())
    assert sorted(DataRequest.objects.values_list("kind", "status")) == [("access", "withdrawn"), ("erasure", "done"), ("erasure", "done")]


def test_a_guest_who_signed_in_asks_as_the_customer_they_are(guest_order: tuple[makers.Caller, Order]) -> None:
    who, _ = guest_order
    sign_in(who)
    answer = makers.read(who.post("/storefront/me/data-requests", {"kind": "erasure"}, key=True), 409)
    assert answer["type"] == "/problems/guest-signed-in"
    assert not DataRequest.objects.exists()


def test_who_bought_as_a_guest_lately_is_not_idle(guest_order: tuple[makers.Caller, Order], settings: Any) -> None:
    """F85: the customer is looked at with what they did as a guest; the guest is nobody by themselves any more."""
    settings.RETAIN_PERSONS_DAYS = 30
    who, order = guest_order
    me, other = sign_in(who), makers.customer()
    cart(other)
    Checkout.objects.update(updated_at=timezone.now() - timedelta(days=40))
    idle = {person.pk for person in retention._idle()}
    assert idle == {other.person_id}
    assert me.person_id != order.person_id


def test_one_request_that_breaks_keeps_no_other_from_its_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    first, second = (ask(person.pk, "access") for person in (known(), known()))
    build = archives.build

    def breaks(request: DataRequest, *, actor: Any) -> DataRequest:
        if request.pk == first.pk:
            raise ZeroDivisionError
        return build(request, actor=actor)

    monkeypatch.setattr(archives, "build", breaks)
    at = timezone.now()
    erasures.serve_due(at)
    assert DataRequest.objects.get(pk=second.pk).status == "ready"
    broken = DataRequest.objects.get(pk=first.pk)
    assert (broken.status, broken.due_at is not None and broken.due_at > at) == ("asked", True)


def test_the_archive_of_who_was_erased_meanwhile_is_withdrawn() -> None:
    asked = ask(known().pk, "access")
    with operation("test.erase", actor=makers.TESTER) as op:
        vault.destroy(op, asked.person.key)
    erasures.serve_due(timezone.now())
    assert DataRequest.objects.get().status == "withdrawn"


def known() -> Person:
    with operation("test.know", actor=makers.TESTER) as op:
        return accounts.know(op, email=f"{uuid.uuid4().hex}@example.com")
