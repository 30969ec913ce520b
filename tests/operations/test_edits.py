"""Changes of placed orders: staged, previewed, committed as they were shown, or dropped (PAINS 4, 5, 12)."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

import pytest

from inventory import operations as stock
from inventory import queries as shelves
from orders.models import Line, Order, OrderEdit, OrderRevision
from orders.operations import balance, documents, edit, edit_preview, fulfil, holds, packing, people, revise
from orders.operations.edit import Wish
from orders.operations.edit_rules import NotEditable, UnitsPacked
from payments.models import Refund
from shipping.models import Shipment
from tests import makers
from tests.fulfilment import makers as warehouse
from tests.operations.test_revisions import capture, lines_of, payments_of, run, sound
from timeline.errors import Invalid, Missing
from timeline.models import Event
from timeline.operations import operation

if TYPE_CHECKING:
    from inventory.models import Variant

pytestmark = pytest.mark.django_db(transaction=True)


def stage(order: Order, **wish: Any) -> OrderEdit:
    found: OrderEdit = run(order, lambda op: edit.stage(op, order_id=order.pk, wish=Wish(**wish)))
    return found


def commit(order: Order, staged: OrderEdit, **words: Any) -> Order:
    run(order, lambda op: edit.commit(op, order_id=order.pk, edit_id=staged.pk, **words))
    return makers.again(order)


def dearer(variant: Variant, price_minor: int) -> None:
    with operation("test.price", actor=makers.STAFF) as op:
        stock.change_price(op, sku=variant.sku, price_minor=price_minor)


def test_d6_what_is_shown_is_what_is_done() -> None:
    order = makers.paid_order(lines=2, quantity=2)
    one, two = lines_of(order)
    tea = makers.product("TEA-9", price_minor=9_900, units=5)
    staged = stage(order, add=(("TEA-9", 3),), quantities={one.pk: 1, two.pk: 0})
    shown = staged.preview
    assert makers.again(order).total_minor == shown["before"]["total"] == order.total_minor
    assert shelves.available([tea.pk]) == {tea.pk: 5}, "nothing is held yet"
    assert [(row["quantityBefore"], row["quantity"]) for row in shown["lines"]] == [(2, 1), (2, 0), (0, 3)]
    assert shown["lines"][2]["stock"] == {"needed": 3, "available": 5, "isShort": False}

    done = commit(order, staged, expected_balance_minor=shown["balance"])
    assert (done.total_minor, done.item_count) == (shown["after"]["total"], 4)
    assert [row.quantity for row in lines_of(order)] == [1, 0, 3]
    assert [row.total_minor for row in lines_of(order)] == [row["total"] for row in shown["lines"]]
    assert {held.variant_id: held.quantity for held in shelves.holds(str(order.pk))} == {one.variant_id: 1, tea.pk: 3}
    back = Refund.objects.get()
    assert -back.amount_minor == shown["balance"] == shown["difference"]
    assert shown["then"]["action"] == "refund"
    kinds = list(Event.objects.filter(stream=str(order.pk)).order_by("stream_seq").values_list("kind", flat=True))
    said = [kind for kind in kinds if not kind.startswith("fulfilment.")]
    assert said[-4:] == ["order.edit_staged", "order.edit_committed", "order.edited", "refund.asked"]
    assert OrderRevision.objects.get().edit_id == staged.pk
    sound()


def test_what_is_added_comes_at_todays_price_and_the_old_units_stay() -> None:
    """B27: without the coupon, and never merged."""
    kurta = makers.product("KURTA-9", price_minor=50_000)
    order = makers.paid_order(skus=["KURTA-9"], quantity=2)
    dearer(kurta, 60_000)
    line = lines_of(order)[0]
    commit(order, stage(order, quantities={line.pk: 3}))
    old, new = lines_of(order)
    assert (old.quantity, old.price_minor, old.total_minor) == (2, 50_000, line.total_minor)
    assert (new.quantity, new.price_minor, new.discount_minor, new.sku) == (1, 60_000, 0, "KURTA-9")
    sound()


def test_a_price_that_changed_since_the_preview_is_refused_and_shown_anew() -> None:
    tea = makers.product("TEA-9", price_minor=9_900)
    order = makers.paid_order()
    staged = stage(order, add=(("TEA-9", 1),))
    dearer(tea, 12_900)
    with pytest.raises(edit.PreviewChanged) as refused:
        commit(order, staged)
    assert refused.value.extra["balance"] > staged.preview["balance"]
    assert makers.again(order).revision == 0
    anew = run(order, lambda op: edit.change(op, order_id=order.pk, edit_id=staged.pk, changes={}))
    with pytest.raises(edit.BalanceDiffers):
        commit(order, anew, expected_balance_minor=staged.preview["balance"])
    assert commit(order, anew, expected_balance_minor=refused.value.extra["balance"]).revision == 1


def test_f50_of_two_changes_of_the_same_line_the_second_looks_again() -> None:
    order = makers.paid_order(quantity=3)
    line = lines_of(order)[0]
    first, second = (stage(order, quantities={line.pk: units}) for units in (2, 1))
    commit(order, first)
    with pytest.raises(edit.PreviewChanged):
        commit(order, second)
    note = stage(order, quantities={line.pk: 1})
    run(order, lambda op: holds.hold(op, order_id=order.pk, reason="customer"))
    assert commit(order, note).item_count == 1, "the order moved and the preview did not; a hold forbids no change"


def test_what_is_short_is_shown_and_refused_by_sku() -> None:
    makers.product("TEA-9", units=1)
    order = makers.paid_order()
    staged = stage(order, add=(("TEA-9", 2),))
    assert staged.preview["lines"][1]["stock"] == {"needed": 2, "available": 1, "isShort": True}
    with pytest.raises(stock.OutOfStock) as refused:
        commit(order, staged)
    assert refused.value.extra["skus"] == ["TEA-9"]
    assert (makers.again(order).revision, OrderEdit.objects.get().status) == (0, "staged")
    sound()


def test_a_change_ends_once() -> None:
    order = makers.paid_order(quantity=2)
    staged = stage(order, quantities={lines_of(order)[0].pk: 1})
    commit(order, staged)
    for again in (
        lambda: commit(order, staged),
        lambda: run(order, lambda op: edit.discard(op, order_id=order.pk, edit_id=staged.pk)),
        lambda: run(order, lambda op: edit.change(op, order_id=order.pk, edit_id=staged.pk, changes={})),
    ):
        with pytest.raises(edit.EditClosed):
            again()
    dropped = stage(order, add=((lines_of(order)[0].sku, 1),))
    for _ in range(2):
        run(order, lambda op: edit.discard(op, order_id=order.pk, edit_id=dropped.pk))
    with pytest.raises(edit.EditClosed):
        commit(order, dropped)
    with pytest.raises(Missing):
        commit(makers.paid_order(), dropped)
    assert makers.again(order).revision == 1


@pytest.mark.parametrize(
    ("wish", "error"),
    [
        ({}, edit_preview.NothingChanged),
        ({"add": (("NO-SUCH", 1),)}, edit_preview.UnknownSku),
        ({"quantities": {uuid.uuid4(): 1}}, revise.UnitsNotThere),
        ({"shipping": {"name": "A"}}, Invalid),
        ({"add": tuple(("TEA-9", 1) for _ in range(51))}, revise.TooMuchChanged),
    ],
)
def test_what_cannot_be_wished_is_refused(wish: dict[str, Any], error: type[Exception]) -> None:
    makers.product("TEA-9")
    order = makers.paid_order()
    with pytest.raises(error):
        stage(order, **wish)
    assert not OrderEdit.objects.exists()


def test_there_is_a_limit_on_what_is_prepared() -> None:
    order = makers.paid_order(quantity=2)
    line = lines_of(order)[0]
    for _ in range(edit.STAGED_MAX):
        stage(order, quantities={line.pk: 1})
    with pytest.raises(edit.EditsFull):
        stage(order, quantities={line.pk: 1})


def test_pains_12_goods_that_left_are_changed_no_more_and_it_says_what_to_do() -> None:
    order = makers.shipped_order()
    with pytest.raises(NotEditable, match="return"):
        stage(order, add=((lines_of(order)[0].sku, 1),))


def test_an_unpaid_order_may_be_changed_and_is_asked_for_its_new_total() -> None:
    makers.product("TEA-9", price_minor=10_000, gst_rate_bp=0)
    order = makers.placed_order()
    staged = stage(order, add=(("TEA-9", 1),))
    assert staged.preview["then"]["action"] == "ask"
    done = commit(order, staged)
    assert done.total_minor == order.total_minor + 10_000
    assert payments_of(order)[-1].amount_minor == done.total_minor
    capture(order, payments_of(order)[-1])
    assert makers.again(order).status == "confirmed"
    sound()


# --- addresses --------------------------------------------------------------------------------------------------


def test_another_address_is_sealed_and_moves_no_money() -> None:
    order = makers.paid_order()
    there = makers.address(line1="7 Temple Street")
    staged = stage(order, shipping=there)
    assert (staged.preview["difference"], staged.preview["then"]["action"]) == (0, "nothing")
    assert b"Temple" not in bytes(OrderEdit.objects.get().sealed or b"")
    done = commit(order, staged)
    assert people.read_address(done.shipping_address, done.person)["line1"] == "7 Temple Street"
    assert people.read_address(done.billing_address, done.person)["line1"] != "7 Temple Street"
    assert done.total_minor == order.total_minor
    event = Event.objects.get(kind="order.edited")
    assert event.facts["shipping_address_id"] == str(done.shipping_address_id)
    assert "Temple" not in str(event.facts)
    assert not Refund.objects.exists()
    sound()


def test_b9_another_place_of_supply_turns_the_taxes_and_is_shown() -> None:
    """Z7: CGST and SGST within the state, IGST beyond it; the total moves by a rounding at most."""
    makers.product("ODD-9", price_minor=33_333, gst_rate_bp=1800)
    order = makers.paid_order(skus=["ODD-9"], quantity=1)
    assert (order.igst_minor, order.cgst_minor) == (0, order.sgst_minor)
    staged = stage(order, shipping=makers.address(state="IN-MH"))
    assert staged.preview["placeOfSupply"] == {"before": "IN-KA", "after": "IN-MH", "taxChanges": True}
    assert abs(staged.preview["difference"]) <= 1
    done = commit(order, staged)
    assert (done.cgst_minor, done.sgst_minor, done.destination_state) == (0, 0, "IN-MH")
    assert done.igst_minor == done.gst_minor == Line.objects.get(order=order).igst_minor
    assert balance.of(done) == 0
    tax = OrderRevision.objects.get().pricing["shippingTaxIncluded"]
    assert tax["cgst"] == tax["sgst"] == 0
    back = commit(order, stage(order, shipping=makers.address()))
    assert (back.total_minor, back.gst_minor, back.igst_minor, balance.of(back)) == (order.total_minor, order.gst_minor, 0, 0)
    sound()


def test_the_label_gets_the_new_address() -> None:
    order = makers.processing_order()
    commit(order, stage(order, shipping=makers.address(line1="7 Temple Street")))
    run(order, lambda op: fulfil.book(op, order_id=order.pk, items=None))
    assert Shipment.objects.get().private()["destination"]["line1"] == "7 Temple Street"


def test_a_parcel_that_has_its_label_keeps_its_address() -> None:
    order = makers.processing_order(quantity=2)
    line = lines_of(order)[0]
    run(order, lambda op: fulfil.book(op, order_id=order.pk, items={line.pk: 1}))
    staged = stage(order, shipping=makers.address(line1="7 Temple Street"))
    assert len(staged.preview["keepsOldAddress"]) == 1
    commit(order, staged)
    run(order, lambda op: fulfil.book(op, order_id=order.pk, items=None))
    with pytest.raises(NotEditable, match="packed"):
        stage(order, shipping=makers.address(line1="8 Temple Street"))


def test_after_the_invoice_the_state_stays() -> None:
    order = makers.processing_order(quantity=2)
    run(order, lambda op: documents.issue_by_hand(op, order_id=order.pk))
    assert commit(order, stage(order, shipping=makers.address(line1="7 Temple Street"))).revision == 1
    with pytest.raises(NotEditable, match="invoice"):
        stage(order, shipping=makers.address(state="IN-MH"))
    with pytest.raises(NotEditable, match="invoice"):
        stage(order, billing=makers.address(line1="7 Temple Street"))


# --- the warehouse ----------------------------------------------------------------------------------------------


def test_the_warehouse_packs_what_the_order_is_now() -> None:
    makers.product("TEA-9", units=5)
    order = makers.processing_order(lines=2, quantity=2)
    one, two = lines_of(order)
    warehouse.planned(order)
    commit(order, stage(order, add=(("TEA-9", 3),), quantities={one.pk: 0, two.pk: 1}))
    (row,) = warehouse.opened(order)
    assert warehouse.units(row) == {two.sku: 1, "TEA-9": 3}
    run(order, lambda op: fulfil.ship_all(op, order_id=order.pk))
    assert (makers.again(order).status, [line.quantity_shipped for line in lines_of(order)]) == ("shipped", [0, 1, 3])
    sound()


def test_packed_units_stay_until_they_are_unpacked() -> None:
    order = makers.processing_order(quantity=2)
    line = lines_of(order)[0]
    (row,) = warehouse.planned(order)
    run(order, lambda op: packing.pack(op, order_id=order.pk, fulfilment_id=row.pk))
    with pytest.raises(UnitsPacked):
        stage(order, quantities={line.pk: 1})
    with pytest.raises(NotEditable, match="packed"):
        stage(order, shipping=makers.address(line1="7 Temple Street"))
