"""Files of orders as spreadsheets of several countries write them (D9)."""

from __future__ import annotations

from typing import Any

import pytest

from orders.channels import adapters, sheets
from orders.channels.reading import dumps, loads

HEAD = "order_id,currency,status,sku,quantity,unit_price,discount,tax,shipping,total"


def orders(text: str, encoding: str = "utf-8") -> list[Any]:
    return [adapters.translate("file", loads(dumps(body))) for body in sheets.read(text.encode(encoding)) if adapters.ADAPTERS["file"].identify(body)]


def codes(order: Any) -> list[str]:
    return [trouble.code for trouble in order.troubles if trouble.holds]


def figures(order: Any) -> tuple[Any, ...]:
    return order.currency, order.subtotal_minor, order.discount_minor, order.tax_minor, order.shipping_minor, order.total_minor, codes(order)


@pytest.mark.parametrize("text", [
    f"{HEAD}\nF1,EUR,confirmed,A,3,12.50,2.50,6.65,4.99,46.64\n",
    f"\ufeff{HEAD}\r\nF1,EUR,Confirmed,A,3,12.50,2.50,6.65,4.99,46.64\r\n\r\n",
    f"\ufeff{HEAD.replace(',', ';')}\nF1;EUR;confirmed;A;3;12,50;2,50;6,65;4,99;46,64\n",
    f"sep=;\r\n{HEAD.replace(',', ';')}\r\nF1;EUR;confirmed;A;3;12,50;2,50;6,65;4,99;46,64\r\n",
    f"{HEAD.replace(',', chr(9)).upper()}\nF1\tEUR\tconfirmed\tA\t3\t12.50\t2.50\t6.65\t4.99\t46.64\n",
    f'{HEAD}\n="F1",EUR,confirmed,"=""A""",3,12.50,2.50,6.65,4.99,46.64\n',
])
def test_a_sheet_of_any_country_is_read_to_the_cent(text: str) -> None:
    """3 x 12.50 less 2.50, 6.65 of tax and 4.99 of shipping: 46.64."""
    (order,) = orders(text)
    assert (figures(order), order.items[0].sku, order.order_id) == (("EUR", 3750, 250, 665, 499, 4664, []), "A", "F1")


def test_thousands_are_read_where_a_comma_follows_and_held_where_none_does() -> None:
    head = HEAD.replace(",", ";")
    (clear,) = orders(f"{head}\nF1;EUR;confirmed;A;2;1.234,50;;;;2.469,00\n")
    (unclear,) = orders(f"{head}\nF1;EUR;confirmed;A;2;1.234;;;;\n")
    assert figures(clear) == ("EUR", 246900, 0, 0, 0, 246900, [])
    assert codes(unclear) == ["unreadable_amount"]
    (quoted,) = orders(f'{HEAD}\nF1,INR,confirmed,A,1,"1,234.50",,,,\n')
    assert codes(quoted) == ["unreadable_amount"]


def test_a_row_that_slipped_by_a_comma_in_a_title_is_held() -> None:
    (order,) = orders("order_id,currency,status,sku,quantity,unit_price,title\nF1,INR,confirmed,A,1,100,Kurta, red\n")
    assert codes(order) == ["cells_beyond_columns"]


@pytest.mark.parametrize(("second", "wanted"), [
    ("F1,INR,,B,1,50,,,,", []), ("F1,INR,confirmed,B,1,50,,,40,190", []), ("F1,INR,,B,1,50,,,60,", ["rows_contradict"]),
    ("F1,INR,shipped,B,1,50,,,,", ["rows_contradict"]), ("F1,INR,,B,1,50,,,,191", ["rows_contradict"]),
])
def test_what_rows_of_an_order_say_of_the_whole_is_one_thing(second: str, wanted: list[str]) -> None:
    (order,) = orders(f"{HEAD}\nF1,INR,confirmed,A,1,100,,,40,190\n{second}\n")
    assert (codes(order), order.total_minor) == (wanted, 19000)


def test_a_total_in_the_last_row_is_the_orders() -> None:
    (order,) = orders(f"{HEAD}\nF1,INR,confirmed,A,1,100,,,,\nF1,INR,,B,1,50,,,,151\n")
    assert [(one.code, one.difference_minor) for one in order.troubles] == [("totals_do_not_add_up", 100)]


def test_ids_that_a_spreadsheet_mangled_are_no_orders() -> None:
    """Two orders of ids that differ in their last digits bear one id then."""
    assert orders(f"{HEAD}\n4.0512E+14,INR,confirmed,A,1,100,,,,\n4.0512E+14,INR,confirmed,B,1,50,,,,\n") == []


@pytest.mark.parametrize("text", ["", "\n", "a,b\n1,2\n", f"{HEAD},total\nF1,INR,confirmed,A,1,100,,,,100,200\n", f'{HEAD}\nF1,"INR\n'])
def test_what_is_no_sheet_is_refused(text: str) -> None:
    with pytest.raises(sheets.NotASheet):
        sheets.read(text.encode())


def test_a_sheet_in_other_letters_is_refused_and_not_guessed() -> None:
    with pytest.raises(sheets.NotASheet):
        sheets.read(f"{HEAD}\nF1,INR,confirmed,Ä,1,100,,,,\n".encode("latin-1"))


def test_a_day_that_cannot_be_read_is_said() -> None:
    (order,) = orders("order_id,placed_at,currency,status,sku,quantity,unit_price\nF1,20/11/2026,INR,confirmed,A,1,100\n")
    assert ([one.code for one in order.troubles], order.placed_at, order.is_held) == (["unreadable_date"], None, False)
