"""Purchase orders of EDI partners, in and acknowledged (D9)."""

from __future__ import annotations

from datetime import UTC, datetime

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
    answer = found.acknowledge({"0001": True}, NOW)
    assert (answer[:7], answer[105]) == ("ISA*00*", "~")
    assert "*ZZ*BAHI           *ZZ*BUYERCO        *" in answer
    assert "ST*997*0001~AK1*PO*7~AK2*850*0001~AK5*A~AK9*A*1*1*1~SE*6*0001~" in answer


def test_an_orders_message_is_read_with_its_releases_and_acknowledged() -> None:
    found = edi.read(EDIFACT.encode())
    order = adapters.translate("edi", found.bodies[0])
    assert (order.number, order.currency, order.total_minor, order.is_held) == ("4500+1", "EUR", 2471, False)
    assert (order.items[0].sku, order.items[0].quantity, order.shipping["name"]) == ("KURTA-M", 3, "Depot 'A'")
    answer = found.acknowledge({"1": False}, NOW)
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
