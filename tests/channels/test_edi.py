"""Purchase orders of EDI partners, in and acknowledged (D9)."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from orders.channels import adapters, edi, sheets

NOW = datetime(2026, 11, 28, 12, 0, tzinfo=UTC)
X12 = (
    "ISA*00*          *00*          *ZZ*BUYERCO        *ZZ*BAHI           *261120*1000*U*00401*000000007*0*P*>~"
    "GS*PO*BUYERCO*BAHI*20261120*1000*7*X*004010~ST*850*0001~BEG*00*SA*PO-77**20261120~CUR*BY*USD~"
    "PER*BD*Ann*EM*ann@buyer.example~N1*ST*Store 5*92*5~N3*1 Main St*Dock 2~N4*Canton*MI*48817*US~"
    "PO1*1*3*EA*6.67**VP*KURTA-M~PID*F****Kurta~PO1*2*1*EA*9.99**VP*STOLE-1~SAC*C*D240***500~SAC*A*C310***200~"
    "CTT*2*4~AMT*TT*33.00~SE*15*0001~GE*1*7~IEA*1*000000007~"
)
EDIFACT = (
    "UNA:+.? 'UNB+UNOC:3+5412345000013:14+4012345000020:14+261120:1000+REF9'UNH+1+ORDERS:D:96A:UN:EAN008'"
    "BGM+220+4500?+1+9'DTM+137:20261120:102'NAD+BY+5412345000013::9'NAD+DP+++Depot ?'A?'+Rue 1+Lyon++69001+FR'CUX+2:EUR:9'"
    "LIN+1++4006381333931:EN'PIA+1+KURTA-M:SA'IMD+F++:::Kurta'QTY+21:3'MOA+203:24.71'PRI+AAA:8.2367'"
    "UNS+S'MOA+79:24.71'MOA+86:24.71'CNT+2:1'UNT+17+1'UNZ+1+REF9'"
)


def test_an_850_is_read_and_acknowledged() -> None:
    found = edi.read(X12.encode())
    order = adapters.translate("edi", found.bodies[0])
    assert (order.order_id, order.currency, order.total_minor, order.is_held) == ("BUYERCO:PO-77", "USD", 3300, False)
    assert [(item.sku, item.quantity, item.gross_minor) for item in order.items] == [("KURTA-M", 3, 2001), ("STOLE-1", 1, 999)]
    assert (order.discount_minor, order.shipping_minor, order.shipping["line2"], order.buyer.email) == (200, 500, "Dock 2", "ann@buyer.example")
    answer = found.acknowledge([True], NOW)
    assert (answer[:7], answer[105]) == ("ISA*00*", "~")
    assert "*ZZ*BAHI           *ZZ*BUYERCO        *" in answer
    assert "ST*997*0001~AK1*PO*7~AK2*850*0001~AK5*A~AK9*A*1*1*1~SE*6*0001~" in answer


def test_an_orders_message_is_read_with_its_releases_and_acknowledged() -> None:
    found = edi.read(EDIFACT.encode())
    order = adapters.translate("edi", found.bodies[0])
    assert (order.number, order.currency, order.total_minor, order.is_held) == ("4500+1", "EUR", 2471, False)
    assert (order.items[0].sku, order.items[0].quantity, order.shipping["name"]) == ("KURTA-M", 3, "Depot 'A'")
    answer = found.acknowledge([False], NOW)
    assert "UNH+1+CONTRL:2:2:UN'UCI+REF9+5412345000013:14+4012345000020:14+4'UCM+1+ORDERS:D:96A:UN+4'UNT+4+1'" in answer


@pytest.mark.parametrize("text", ["", "ISA", "ISA" + "*" * 120, "UNB", "UNA:+.? 'XYZ'", "hello", "UNB+'UNH+1+ORDERS'UNT+2+1'"])
def test_what_is_no_interchange_is_refused_or_flagged(text: str) -> None:
    try:
        bodies = edi.read(text.encode()).bodies
    except edi.NotAnInterchange:
        return
    for body in bodies:
        with pytest.raises(adapters.NotAnOrder):
            adapters.translate("edi", body)


def test_counts_that_differ_are_flagged() -> None:
    body = edi.read(X12.replace("CTT*2", "CTT*3").encode()).bodies[0]
    assert "lines_missing" in [trouble.code for trouble in adapters.translate("edi", body).troubles]


def test_rows_of_a_file_are_orders() -> None:
    raw = b"order_id,currency,status,sku,quantity,unit_price,total,line1,country\nF1,KWD,confirmed,A,2,1.250,2.500,Road,KW\nF1,KWD,,B,1,0,,,\nF2,JPY,odd,A,1,500,500,,\n"
    first, second = (adapters.translate("file", body) for body in sheets.read(raw))
    assert (first.total_minor, len(first.items), first.told.status, first.is_held) == (2500, 2, "confirmed", False)
    assert second.is_held
    with pytest.raises(sheets.NotASheet):
        sheets.read(b"a,b\n1,2\n")


def test_rows_of_one_order_in_several_currencies_are_not_summed_unseen() -> None:
    raw = b"order_id,currency,sku,quantity,unit_price\nF1,INR,A,1,100\nF1,inr,B,1,50\nF2,INR,A,1,100\nF2,USD,B,1,50\n"
    one, mixed = (adapters.translate("file", body) for body in sheets.read(raw))
    assert [[trouble.code for trouble in order.troubles] for order in (one, mixed)] == [[], ["several_currencies"]]


def of_x12(*segments: str) -> Any:
    """The canonical order of an 850 with these segments between its head and its end."""
    inside = ["ST*850*0001", "BEG*00*SA*PO-77**20261120", "CUR*BY*USD", *segments]
    text = X12[: X12.index("ST*850")] + "~".join([*inside, f"SE*{len(inside) + 1}*0001", "GE*1*7", "IEA*1*000000007", ""])
    return adapters.translate("edi", edi.read(text.encode()).bodies[0])


def of_edifact(*segments: str, una: str = "UNA:+.? '") -> Any:
    """The canonical order of an ORDERS message with these segments between its head and its end."""
    inside = ["UNH+1+ORDERS:D:96A:UN", "BGM+220+4500+9", "CUX+2:EUR:9", *segments]
    text = "'".join([f"{una}UNB+UNOC:3+541:14+401:14+261120:1000+REF9", *inside, f"UNT+{len(inside) + 1}+1", "UNZ+1+REF9", ""])
    return adapters.translate("edi", edi.read(text.encode()).bodies[0])


@pytest.mark.parametrize(("place", "country"), [("Canton*MI*48817", "US"), ("Toronto*ON*M5V 2T6", "CA"), ("Pune*MH*411001*IN", "IN")])
def test_a_country_left_out_is_that_of_the_state_or_province(place: str, country: str) -> None:
    assert of_x12("N1*ST*Store", "N3*1 Main St", f"N4*{place}", "PO1*1*1*EA*1**VP*A").shipping["country"] == country


def figures(order: Any) -> tuple[Any, ...]:
    """Goods, discount, tax, charges, total, and why it is held."""
    held = [trouble.code for trouble in order.troubles if trouble.holds]
    return order.subtotal_minor, order.discount_minor, order.tax_minor, order.shipping_minor, order.total_minor, held


@pytest.mark.parametrize(("segments", "wanted"), [
    # 2 x 10.00 + freight 7.50 - 1.00 + state tax 1.60
    (["PO1*1*2*EA*10.00*PE*VP*A", "SAC*C*G830***750", "SAC*A*C310***100", "TXI*ST*1.60*8", "AMT*TT*28.10"], (2000, 100, 160, 750, 2810, [])),
    # a price per hundred: 250 x 4.20 / 100
    (["PO1*1*250*EA*4.20*HP*VP*A"], (1050, 0, 0, 0, 1050, [])),
    # the price stands in a CTP of its own
    (["PO1*1*3*EA***VP*A", "CTP**UCP*1.25*3*EA"], (375, 0, 0, 0, 375, [])),
    # no charge, a tax that is information only, and one of nothing
    (["PO1*1*3*EA**NC*VP*A", "PO1*2*1*EA*5**VP*B", "TXI*VA*0.95*19***O*O", "TXI*ST**0"], (500, 0, 0, 0, 500, [])),
    # an allowance in percent, or with a point where two decimals are implied, is never guessed
    (["PO1*1*2*EA*10.00**VP*A", "SAC*A*C310****3*5"], (2000, 0, 0, 0, 2000, ["unreadable_amount"])),
    (["PO1*1*2*EA*10.00**VP*A", "SAC*C*D240***5.00"], (2000, 0, 0, 0, 2000, ["unreadable_amount"])),
    (["PO1*1*2*EA*10.00**VP*A", "TXI*ST**8"], (2000, 0, 0, 0, 2000, ["unknown_tax"])),
    (["PO1*1*2*EA*10.00**VP*A", "SDQ*EA*92*1*1*2*1"], (2000, 0, 0, 0, 2000, ["several_destinations"])),
])
def test_allowances_charges_taxes_and_prices_of_an_850(segments: list[str], wanted: tuple[Any, ...]) -> None:
    assert figures(of_x12(*segments)) == wanted


LINE = ["LIN+1++401:EN", "PIA+1+A:SA", "QTY+21:3"]


@pytest.mark.parametrize(("segments", "wanted"), [
    # a line of 3 x 12.00 less 6.00, VAT of 20 % told by the summary
    ([*LINE, "MOA+203:30.00", "PRI+AAB:12.00", "TAX+7+VAT+++:::20", "ALC+A", "MOA+204:6.00", "UNS+S", "MOA+79:30.00", "MOA+124:6.00", "MOA+86:36.00"],
     (3600, 600, 600, 0, 3600, [])),
    # the same by its gross price alone
    ([*LINE, "PRI+AAB:12.00", "ALC+A", "MOA+8:6.00", "UNS+S", "MOA+86:30.00"], (3600, 600, 0, 0, 3000, [])),
    # a net price has its allowance within; a freight of the order comes on top
    (["ALC+C++++FC", "MOA+8:4.50", *LINE, "PRI+AAA:10", "UNS+S", "MOA+79:30", "MOA+86:34.50"], (3000, 0, 0, 450, 3450, [])),
    # two rates, and a total tax
    ([*LINE, "MOA+203:30", "UNS+S", "MOA+86:37.50", "TAX+7+VAT+++:::19", "MOA+124:5.70", "TAX+7+VAT+++:::7", "MOA+124:1.80"], (3000, 0, 750, 0, 3750, [])),
    # lines tell their taxes, and the summary tells them again
    ([*LINE, "MOA+203:30", "MOA+124:6", "UNS+S", "MOA+124:6", "MOA+86:36"], (3000, 0, 600, 0, 3600, [])),
    # of two totals it is the one with the tax
    ([*LINE, "MOA+203:30", "UNS+S", "MOA+86:30", "MOA+124:6", "MOA+9:36"], (3000, 0, 600, 0, 3600, [])),
    # a rate without amounts, an allowance without any, lines that do not come to their sum
    ([*LINE, "MOA+203:30", "TAX+7+VAT+++:::20"], (3000, 0, 0, 0, 3000, ["unknown_tax"])),
    (["ALC+A", "PCD+3:10", *LINE, "MOA+203:30"], (3000, 0, 0, 0, 3000, ["unreadable_amount"])),
    ([*LINE, "MOA+203:30", "UNS+S", "MOA+79:31"], (3000, 0, 0, 0, 3000, ["totals_do_not_add_up"])),
])
def test_allowances_charges_taxes_and_prices_of_an_orders_message(segments: list[str], wanted: tuple[Any, ...]) -> None:
    assert figures(of_edifact(*segments)) == wanted


def test_a_decimal_comma_and_other_separators_are_read() -> None:
    order = of_edifact(*LINE, "MOA+203:24,71", "UNS+S", "MOA+86:24,71", una="UNA:+,? '")
    assert figures(order) == (2471, 0, 0, 0, 2471, [])


def test_several_groups_are_each_acknowledged_by_its_own_set_numbers() -> None:
    """D9: set 0001 of one group is not set 0001 of another, and what is no purchase order is not taken."""
    inside = X12[X12.index("ST*850") : X12.index("GE*1")]
    start, end = X12[: X12.index("GS*")], "IEA*3*000000007~"
    groups = "".join(f"GS*PO*BUYERCO*BAHI*20261120*1000*{number}*X*004010~{inside}{more}GE*1*{number}~" for number, more in ((7, ""), (8, ""), (9, "ST*855*0002~SE*2*0002~")))
    found = edi.read((start + groups + end).encode())
    answer = found.acknowledge([True, False, True], NOW)
    assert answer[answer.index("ST*") : answer.index("IEA")] == (
        "ST*997*0001~AK1*PO*7~AK2*850*0001~AK5*A~AK9*A*1*1*1~SE*6*0001~"
        "ST*997*0002~AK1*PO*8~AK2*850*0001~AK5*R~AK9*R*1*1*0~SE*6*0002~"
        "ST*997*0003~AK1*PO*9~AK2*850*0001~AK5*A~AK2*855*0002~AK5*R*1~AK9*P*2*2*1~SE*8*0003~GE*3*7~"
    )


@pytest.mark.parametrize("text", [X12.replace("SE*15*0001~", "ST*850*0002~SE*2*0002~"), EDIFACT.replace("UNT+17+1'", "UNH+2+ORDERS'UNT+2+2'")])
def test_an_order_without_an_end_is_not_passed_over(text: str) -> None:
    with pytest.raises(edi.NotAnInterchange):
        edi.read(text.encode())


def test_an_amount_of_many_decimals_is_compared_and_not_choked_on() -> None:
    order = of_edifact(*LINE, "MOA+203:30", "UNS+S", f"MOA+79:30.{'0' * 28}", "MOA+86:30")
    assert figures(order) == (3000, 0, 0, 0, 3000, [])


@pytest.mark.parametrize("text", [
    "UNB'", "UNB+UNOC:3'UNH+1+ORDERS'UNT+2+1'", "UNA", "UNAAAAAAAUNB", "UNA++++++UNB+", "UNA:+.?", EDIFACT[: EDIFACT.index("UNT+")],
    EDIFACT + EDIFACT[EDIFACT.index("UNB") :], X12 + X12, X12[: X12.index("SE*")], X12.replace("BUYERCO        *ZZ", "               *ZZ", 1), EDIFACT.replace("5412345000013:14", "", 1),
])
def test_an_interchange_that_is_cut_off_or_names_nobody_is_refused(text: str) -> None:
    with pytest.raises(edi.NotAnInterchange):
        edi.read(text.encode())


@pytest.mark.parametrize("width", [40, 80])
@pytest.mark.parametrize("text", [X12, EDIFACT])
def test_lines_that_are_wrapped_are_joined(text: str, width: int) -> None:
    wrapped = "\r\n".join(text[place : place + width] for place in range(0, len(text), width))
    order, plain = (adapters.translate("edi", edi.read(said.encode()).bodies[0]) for said in (wrapped, text))
    assert order == plain


def test_segments_may_end_with_a_line_break() -> None:
    order, plain = (adapters.translate("edi", edi.read(said.encode()).bodies[0]) for said in (X12.replace("~", "\n"), X12))
    assert order == plain
    assert adapters.translate("edi", edi.read(X12.replace("~", "~\r\n").encode()).bodies[0]) == plain
