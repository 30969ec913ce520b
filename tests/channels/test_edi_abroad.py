"""Purchase orders as partners of several countries send them, and what each comes to, worked out by hand (D9)."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orders.channels import adapters, edi
from orders.channels.reading import dumps, loads
from tests.thorough import many


def x12(*sets: tuple[str, ...], version: str = "00401", release: str = "004010", marks: str = "*>~", group: str = "", end: str = "") -> list[Any]:
    """The canonical orders of an interchange with these transaction sets, each given between its ST and its SE."""
    element, component, segment = marks[0], marks[1], marks[2:]
    repeat = "U" if version < "00402" else "^"
    rows = [
        f"ISA*00*          *00*          *08*925485US00     *ZZ*BAHI           *261120*1405*{repeat}*{version}*000000905*0*P*{component}".replace("*", element),
        f"GS*PO*4405197800*BAHI*20261120*1405*905*X*{release}",
    ]
    for place, inside in enumerate(sets, start=1):
        rows += [f"ST*850*{place:04}", *inside, f"SE*{len(inside) + 2}*{place:04}"]
    rows += [group or f"GE*{len(sets)}*905", end or "IEA*1*000000905"]
    text = "".join(row.replace("*", element) + segment for row in rows)
    return [adapters.translate("edi", loads(dumps(body))) for body in edi.read(text.encode()).bodies]


def edifact(*messages: tuple[str, ...], una: str = "UNA:+.? '", level: str = "UNOC:3", form: str = "D:96A:UN:EAN008", encoding: str = "utf-8", end: str = "") -> list[Any]:
    """The canonical orders of an interchange with these messages, each given between its UNH and its UNT."""
    component, element, release, segment = una[3], una[4], una[6], una[8]
    rows = [f"UNB+{level}+5412345000013:14+4012345000020:14+261120:1000+REF9"]
    for place, inside in enumerate(messages, start=1):
        rows += [f"UNH+{place}+ORDERS:{form}", *inside, f"UNT+{len(inside) + 2}+{place}"]
    rows.append(end or f"UNZ+{len(messages)}+REF9")
    swap = str.maketrans({":": component, "+": element, "?": release, "'": segment})
    text = una + "".join(row.translate(swap) + segment for row in rows)
    return [adapters.translate("edi", loads(dumps(body))) for body in edi.read(text.encode(encoding)).bodies]


def told(order: Any) -> tuple[Any, ...]:
    """Goods, discount, tax, charges, total, why it is held, what is noted."""
    holding = [trouble.code for trouble in order.troubles if trouble.holds]
    noted = [trouble.code for trouble in order.troubles if not trouble.holds]
    return order.subtotal_minor, order.discount_minor, order.tax_minor, order.shipping_minor, order.total_minor, holding, noted


def lines(order: Any) -> list[tuple[Any, ...]]:
    return [(item.sku, item.quantity, item.gross_minor, item.discount_minor, item.tax_minor) for item in order.items]


RETAILER = (
    "BEG*00*SA*08292233294**20261120*610385385", "CUR*BY*USD", "REF*DP*038", "PER*BD*JANE BUYER*TE*8015551212*EM*jane@retailer.example",
    "SAC*N****", "ITD*14*3*2**45**46", "DTM*002*20261205", "TD5*O*93*UPSN",
    "N1*VN*OUR OWN SHOP*92*V100", "PER*IC*OUR CLERK*EM*clerk@bahi.example*TE*0221234567",
    "N1*ST*XYZ RETAIL DC 7*9*0003947268292", "N2*ATTN RECEIVING*DOOR 12", "N3*31875 SOLON RD", "N3*DOCK 4", "N4*SOLON*OH*44139",
    "PER*DC*DOCK MASTER*TE*4405551234", "N1*BT*XYZ RETAIL ACCOUNTS", "N3*PO BOX 1", "N4*SOLON*OH*44139-0001",
    "PO1*1*120*EA*9.25*TE*CB*065322-117*PR*RO*VN*KURTA-M", "PID*F*08***KURTA MEDIUM", "PID*F*73***RED", "PO4*4*4*EA*PLT94**3*LR*15*CT",
    "SAC*A*C310***1110*****02", "TXI*ST*87.91*8",
    "PO1*2*220*EA*13.79*TE*CB*066850-116*PR*RO*VN*STOLE-1", "PID*F*08***STOLE", "AMT*1*3033.80",
    "SAC*C*D240***12550*****06***FREIGHT", "CTT*2*340", "AMT*TT*4220.01",
)


def test_an_850_of_a_retailer_is_read_to_the_cent() -> None:
    """120 x 9.25 = 1110.00 less 11.10 and 87.91 of tax on top; 220 x 13.79 = 3033.80; freight of 125.50: 4346.11 in all."""
    (order,) = x12(tuple("AMT*TT*4346.11" if row.startswith("AMT*TT") else row for row in RETAILER))
    assert told(order) == (414380, 1110, 8791, 12550, 434611, [], [])
    assert lines(order) == [("KURTA-M", 120, 111000, 1110, 8791), ("STOLE-1", 220, 303380, 0, 0)]
    assert (order.items[0].title, order.items[0].taxes[0].title, order.items[0].taxes[0].rate) == ("KURTA MEDIUM", "ST", "8")
    assert (order.buyer.email, order.buyer.phone, order.buyer.name) == ("jane@retailer.example", "8015551212", "XYZ RETAIL ACCOUNTS")
    assert dict(order.shipping) == {
        "name": "XYZ RETAIL DC 7, ATTN RECEIVING, DOOR 12", "phone": "4405551234", "line1": "31875 SOLON RD", "line2": "DOCK 4", "city": "SOLON",
        "state": "OH", "postalCode": "44139", "country": "US", "gstin": "",
    }
    assert order.billing["postalCode"] == "44139-0001"


def test_a_total_that_an_850_tells_wrong_holds_it_with_the_difference() -> None:
    (order,) = x12(RETAILER)
    assert [(one.code, one.difference_minor) for one in order.troubles] == [("totals_do_not_add_up", -12610)]


@pytest.mark.parametrize("marks", ["*>~", "|^\n", "\x1d\x1f\x1c", "+:'", "*>\r\n"])
@pytest.mark.parametrize(("version", "release"), [("00401", "004010"), ("00501", "005010"), ("00301", "003010")])
def test_an_850_of_any_version_and_separators_is_the_same(marks: str, version: str, release: str) -> None:
    said = tuple(row for row in RETAILER if not row.startswith("AMT*TT"))
    (order,) = x12(said, marks=marks, version=version, release=release)
    assert order == x12(said)[0]


HEAD = ("BEG*00*SA*PO-1**20261120", "CUR*BY*USD")


@pytest.mark.parametrize(("inside", "wanted"), [
    # ordered by the case: what is in one nobody says
    (("PO1*1*10*CA*24.00**VP*KURTA-M", "PO4*12"), [("KURTA-M/CA", 10, 24000, 0, 0)]),
    (("PO1*1*2*DZ*60.00*UM*VP*KURTA-M",), [("KURTA-M/DZ", 2, 12000, 0, 0)]),
    (("PO1*1*2*PC*60.00*PE*VP*KURTA-M",), [("KURTA-M", 2, 12000, 0, 0)]),
    # per thousand, and per dozen
    (("PO1*1*2500*EA*18.40*TP*VP*KURTA-M", "PO1*2*24*EA*30*WD*VP*STOLE-1"), [("KURTA-M", 2500, 4600, 0, 0), ("STOLE-1", 24, 6000, 0, 0)]),
])
def test_units_and_what_a_price_is_for(inside: tuple[str, ...], wanted: list[Any]) -> None:
    (order,) = x12((*HEAD, *inside))
    assert (lines(order), order.is_held) == (wanted, False)


@pytest.mark.parametrize(("inside", "code"), [
    (("PO1*1*10*CA*2.00*PE*VP*KURTA-M", "PO4*12"), "unknown_price_basis"),  # ten cases, a price for each piece
    (("PO1*1*10*EA*2.00*PP*VP*KURTA-M",), "unknown_price_basis"),  # per pound
    (("PO1*1*10*EA*2.00*TB*VP*KURTA-M",), "unknown_price_basis"),  # to be negotiated
    (("PO1*1*10*EA***VP*KURTA-M", "CTP**UCP*2.00*10*EA*DIS*.90"), "unknown_price_basis"),
    (("PO1*1*2.5*LB*2.00*UM*VP*KURTA-M",), "unreadable_quantity"),
    (("PO1*1*10*EA*2.00**VP*KURTA-M", "AMT*1*20.50"), "item_does_not_add_up"),
    (("PO1*1*10*EA*2.00**VP*KURTA-M", "CTT*1*11"), "quantities_do_not_add_up"),
    (("PO1*1*10*EA*2.00**VP*KURTA-M", "CTT*2"), "lines_missing"),
    (("ITA*A**C310*02***500", "PO1*1*10*EA*2.00**VP*KURTA-M"), "unreadable_amount"),  # as versions before 004 tell it
    (("N1*ST*A*92*1", "N1*ST*B*92*2", "PO1*1*10*EA*2.00**VP*KURTA-M"), "several_destinations"),
    (("PO1*1*10*EA*2.00**VP*KURTA-M", "SAC*A*C310***50*******10"), "unreadable_amount"),
    (("PO1*1*10*EA*2.00**VP*KURTA-M", "AMT*TT*20,00"), "unreadable_amount"),
])
def test_what_an_850_leaves_open_is_held(inside: tuple[str, ...], code: str) -> None:
    (order,) = x12((*HEAD, *inside))
    assert [trouble.code for trouble in order.troubles if trouble.holds] == [code]


def test_what_is_billed_back_is_no_part_of_the_order() -> None:
    (order,) = x12((*HEAD, "SAC*A*C310***500*******01", "SAC*C*D240***250*******06", "PO1*1*10*EA*2.00**VP*KURTA-M", "AMT*TT*22.50"))
    assert told(order) == (2000, 0, 0, 250, 2250, [], ["settled_apart"])


def test_each_order_of_several_sets_and_each_release_is_one_of_its_own() -> None:
    one = ("BEG*00*RL*PO-9*0001*20261120", "CUR*BY*CAD", "N1*ST*Shop", "N3*1 Rue", "N4*Montréal*QC*H2X 1Y4", "PO1*1*1*EA*10**VP*KURTA-M", "TXI*GS*.50", "TXI*QST*1.00")
    two = ("BEG*00*RL*PO-9*0002*20261127", "CUR*BY*CAD", "N1*ST*Shop", "N3*1 Calle", "N4*Monterrey*NL*64000*MX", "PO1*1*2*EA*10**VP*KURTA-M")
    first, second = x12(one, two)
    assert (first.order_id, second.order_id) == ("925485US00:PO-9/0001", "925485US00:PO-9/0002")
    assert (first.shipping["country"], second.shipping["country"]) == ("CA", "MX")
    assert (first.tax_minor, first.total_minor, second.total_minor) == (150, 1150, 2000)


def test_a_country_that_no_state_tells_is_left_open() -> None:
    place = ("N1*ST*Shop", "N3*1 Calle", "N4*Monterrey*NL*64000", "PO1*1*1*EA*10**VP*KURTA-M")
    assert x12((*HEAD, *place))[0].shipping["country"] == ""


def test_a_place_that_is_a_number_alone_is_told_to_who_packs() -> None:
    (order,) = x12((*HEAD, "N1*ST*STORE 0005*92*0005", "PO1*1*1*EA*10**VP*KURTA-M"))
    assert (order.shipping["name"], order.shipping["line1"], told(order)[-2:]) == ("STORE 0005", "Location 0005", ([], ["place_by_number"]))


@pytest.mark.parametrize("head", ["BEG*00*BK*PO-1**20261120", "BEG*00*IN*PO-1**20261120"])
def test_a_blanket_order_and_a_copy_for_information_are_not_sent(head: str) -> None:
    (order,) = x12((head, "CUR*BY*USD", "PO1*1*1*EA*10**VP*KURTA-M"))
    assert told(order)[-2] == ["not_a_plain_order"]


def test_a_change_is_no_new_order() -> None:
    (order,) = x12(("BEG*04*SA*PO-1**20261120", "CUR*BY*USD", "PO1*1*1*EA*10**VP*KURTA-M"))
    assert told(order)[-2] == ["unknown_status"]


@pytest.mark.parametrize("more", [{"group": "GE*2*905"}, {"end": "IEA*2*000000905"}])
def test_an_interchange_that_counts_other_orders_flags_each_of_them(more: dict[str, str]) -> None:
    (order,) = x12((*HEAD, "PO1*1*1*EA*10**VP*KURTA-M"), **more)
    assert told(order)[-2] == ["segments_missing"]


@pytest.mark.parametrize("text", [
    "ISA*00*          *00*          *ZZ*BUYERCO        *ZZ*BAHI           *261120*1000*U*00401*000000007*0*P*>~GS*PO*A*B*20261120*1000*7*X*004010~ST*850*0001~BEG*00*SA*PO-77**20261120~PO1*1*3*EA*6.67**VP*KURTA-M~SE*4*0001~",
    "UNB+UNOC:3+541:14+401:14+261120:1000+REF9'UNH+1+ORDERS:D:96A:UN'BGM+220+1+9'UNT+3+1'",
])
def test_an_interchange_that_was_cut_off_behind_an_order_is_refused(text: str) -> None:
    """What was behind it would be lost, and nobody would know."""
    with pytest.raises(edi.NotAnInterchange):
        edi.read(text.encode())


EANCOM = (
    "BGM+220+4500012345+9", "DTM+137:20261120:102", "DTM+2:20261201:102", "FTX+ZZZ+++BITTE MIT AVIS",
    "NAD+BY+4012345000016::9", "CTA+OC+:ANNA ESSER", "COM+anna@kaufhaus.example:EM", "NAD+SU+4098765000010::9", "CTA+IC", "COM+clerk@bahi.example:EM",
    "NAD+DP+4012345000023::9", "NAD+IV+4012345000016::9++KAUFHAUS AG:Buchhaltung+Hauptstr. 1:Haus B+Köln++50667+DE",
    "CUX+2:EUR:9", "ALC+A++++DI", "MOA+204:5.00",
    "LIN+1++4006381333931:EN", "PIA+1+0815:BP::92+KURTA-M:SA", "IMD+F++:::Kurta:mittel", "IMD+F+35+:::rot", "QTY+21:30:PCE",
    "MOA+203:297.00", "PRI+AAB:11.00:CT:NTP:1:PCE", "TAX+7+VAT+++:::19+S", "ALC+A++++TD", "PCD+3:10", "MOA+204:33.00",
    "LIN+2++4006381333948:EN", "PIA+5+STOLE-1:SA", "PIA+3+OTHER-1:SA", "QTY+21:250:PCE", "MOA+203:10.50", "PRI+AAA:4.20:CT::100:PCE", "TAX+7+VAT+++:::19+S",
    "UNS+S", "MOA+79:307.50", "MOA+124:57.48", "MOA+86:359.98", "CNT+2:2", "CNT+1:280",
)


def test_an_eancom_order_is_read_to_the_cent() -> None:
    """30 x 11.00 less 33.00; 250 at 4.20 a hundred; less 5.00; 19 % of 302.50 is 57.48: 359.98."""
    (order,) = edifact(EANCOM)
    assert told(order) == (34050, 3800, 5748, 0, 35998, [], ["place_by_number"])
    assert lines(order) == [("KURTA-M", 30, 33000, 3300, 0), ("STOLE-1", 250, 1050, 0, 0)]
    assert (order.items[0].title, order.buyer.email) == ("Kurta mittel", "anna@kaufhaus.example")
    assert (order.shipping["line1"], order.billing["name"], order.billing["line1"], order.billing["line2"]) == (
        "Location 4012345000023", "KAUFHAUS AG, Buchhaltung", "Hauptstr. 1", "Haus B",
    )


@pytest.mark.parametrize("una", ["UNA:+.? '", "UNA:+,? '", "UNA>*.\\ ~", "UNA:+.?*\n"])
@pytest.mark.parametrize("form", ["D:96A:UN:EAN008", "D:01B:UN:EAN010", "D:93A:UN"])
def test_an_orders_message_of_any_directory_and_separators_is_the_same(una: str, form: str) -> None:
    said = tuple(row.replace(".", ",") if una[5] == "," and row[:3] in {"MOA", "PRI"} else row for row in EANCOM)
    said = said if una[6] == "?" else tuple(row.replace("*", "") for row in said)
    assert edifact(said, una=una, form=form) == edifact(EANCOM)


LINE = ("BGM+220+77+9", "CUX+2:EUR:9", "LIN+1++401:EN", "PIA+1+KURTA-M:SA")


@pytest.mark.parametrize(("inside", "wanted"), [
    # a freight with its own tax, and a line's; no summary tells them again
    ((*LINE, "QTY+21:2", "MOA+203:25", "MOA+124:4", "ALC+C++++FC", "MOA+23:5", "TAX+7+VAT+++:::20", "MOA+124:1", "UNS+S"), (2000, 0, 500, 500, 3000, [], [])),
    # a charge of the order with its tax, told again in the summary's tax of the whole
    (("BGM+220+77+9", "CUX+2:EUR:9", "ALC+C++++FC", "MOA+8:5", "TAX+7+VAT+++:::20", "MOA+124:1", "LIN+1++A:SA", "QTY+21:2", "MOA+203:20", "UNS+S", "MOA+124:5"),
     (2000, 0, 500, 500, 3000, [], [])),
    # billed back: no part of the order
    (("BGM+220+77+9", "CUX+2:EUR:9", "ALC+A++1++DI", "MOA+8:5", "LIN+1++A:SA", "QTY+21:2", "MOA+203:20", "UNS+S", "MOA+86:20"), (2000, 0, 0, 0, 2000, [], ["settled_apart"])),
    # a net price that rounds, told as 24.71 for 3 x 8.24
    ((*LINE, "QTY+21:3.000:PCE", "MOA+203:24.71", "PRI+AAA:8.24", "UNS+S"), (2471, 0, 0, 0, 2471, [], [])),
    ((*LINE, "QTY+21:3", "MOA+203:24.71", "PRI+AAA:9.24", "UNS+S"), (2471, 0, 0, 0, 2471, ["item_does_not_add_up"], [])),
    # priced by the kilogram, ordered by the piece
    ((*LINE, "QTY+21:3:PCE", "PRI+AAA:8:::1:KGM", "UNS+S"), (2400, 0, 0, 0, 2400, ["unknown_price_basis"], [])),
    ((*LINE, "QTY+21:2.5:PCE", "PRI+AAA:8", "UNS+S"), (2000, 0, 0, 0, 2000, ["unreadable_quantity"], [])),
    ((*LINE, "QTY+21:3", "QTY+192:1", "PRI+AAA:8", "UNS+S"), (2400, 0, 0, 0, 2400, ["line_to_check"], [])),
    ((*LINE, "QTY+21:3", "PRI+AAA:8", "UNS+S", "CNT+1:4"), (2400, 0, 0, 0, 2400, ["quantities_do_not_add_up"], [])),
    ((*LINE, "QTY+21:3", "MOA+203:24:USD", "UNS+S"), (2400, 0, 0, 0, 2400, ["several_currencies"], [])),
    (("BGM+221+77+9", *LINE[1:], "QTY+21:3", "PRI+AAA:8", "UNS+S"), (2400, 0, 0, 0, 2400, ["not_a_plain_order"], [])),
    (("BGM+220+77+4", *LINE[1:], "QTY+21:3", "PRI+AAA:8", "UNS+S"), (2400, 0, 0, 0, 2400, ["unknown_status"], [])),
])
def test_figures_of_an_orders_message(inside: tuple[str, ...], wanted: tuple[Any, ...]) -> None:
    assert told(edifact(inside)[0]) == wanted


def test_a_line_by_the_carton_is_no_piece() -> None:
    (order,) = edifact((*LINE, "QTY+21:3:CT", "PRI+AAA:8", "UNS+S"))
    assert (order.items[0].sku, order.items[0].quantity) == ("KURTA-M/CT", 3)


def test_an_unstructured_address_and_released_separators_are_kept_whole() -> None:
    (order,) = edifact(("BGM+220+7?+7+9", "CUX+2:EUR:9", "NAD+DP++Filiale 3:Rue d?'Or 1?:2:2. Hof:1000 Bruxelles", "LIN+1++A:SA", "QTY+21:1", "PRI+AAA:1", "UNS+S"))
    assert (order.number, order.shipping["name"], order.shipping["line1"], order.shipping["line2"]) == ("7+7", "Filiale 3", "Rue d'Or 1:2", "2. Hof, 1000 Bruxelles")


@pytest.mark.parametrize(("level", "encoding", "name"), [
    ("UNOC:3", "iso8859-1", "Müller"), ("UNOD:3", "iso8859-2", "Łódź"), ("UNOE:3", "iso8859-5", "Москва"), ("UNOC:3", "utf-8", "Zürich"),
])
def test_letters_are_those_the_interchange_names(level: str, encoding: str, name: str) -> None:
    (order,) = edifact(("BGM+220+7+9", "CUX+2:EUR:9", f"NAD+DP+++{name}+Str 1+Ort++1000+DE", "LIN+1++A:SA", "QTY+21:1", "PRI+AAA:1", "UNS+S"), level=level, encoding=encoding)
    assert order.shipping["name"] == name


def test_several_messages_are_several_orders_and_a_missing_one_is_seen() -> None:
    one = ("BGM+220+1+9", "CUX+2:EUR:9", "LIN+1++A:SA", "QTY+21:1", "PRI+AAA:1", "UNS+S")
    first, second = edifact(one, ("BGM+220+2+9", *one[1:]))
    assert (first.number, second.number, first.is_held, second.is_held) == ("1", "2", False, False)
    assert [told(order)[-2] for order in edifact(one, ("BGM+220+2+9", *one[1:]), end="UNZ+3+REF9")] == [["segments_missing"], ["segments_missing"]]


@pytest.mark.parametrize("cancelled", [{"orderId": "B:1", "status": "cancelled", "lines": [], "standard": "x12"}])
def test_a_cancellation_that_names_the_order_alone_keeps_its_lines(cancelled: dict[str, Any]) -> None:
    known = {"orderId": "B:1", "currency": "USD", "status": "confirmed", "lines": [{"id": "1", "sku": "KURTA-M", "quantity": "1", "gross": "10"}]}
    order = adapters.translate("edi", loads(dumps(adapters.merge("edi", known, cancelled))))
    assert (order.told.status, order.total_minor, order.is_held) == ("cancelled", 1000, False)


NASTY = ("", "0", "-1", "NaN", "1e9", "9" * 60, "é", "1,5", "2:3:4", "A", "\x00", "+", "?", "99999999999999")


@pytest.mark.parametrize("name", ["x12", "edifact"])
@settings(max_examples=many(150), deadline=None)
@given(data=st.data())
def test_no_order_of_a_partner_raises(name: str, data: st.DataObject) -> None:
    """A segment left out, said twice, moved, or an element filled with something nasty: refused or flagged, and what is taken adds up."""
    said, mark = (list(RETAILER), "*") if name == "x12" else (list(EANCOM), "+")
    for _ in range(data.draw(st.integers(1, 3))):
        place = data.draw(st.integers(0, len(said) - 1))
        how = data.draw(st.sampled_from(("dropped", "twice", "moved", "nasty", "nasty")))
        row = said[place].split(mark)
        if how == "nasty":
            row[data.draw(st.integers(1, len(row) - 1)) if len(row) > 1 else 0] = data.draw(st.sampled_from(NASTY))
            said[place] = mark.join(row)
        elif how == "dropped" and len(said) > 1:
            del said[place]
        else:
            said.insert(data.draw(st.integers(0, len(said))), said[place])
    try:
        found = x12(tuple(said)) if name == "x12" else edifact(tuple(said))
    except (edi.NotAnInterchange, adapters.NotAnOrder):
        return
    for order in found:
        parts = order.subtotal_minor - order.discount_minor + order.tax_minor + order.shipping_minor
        assert order.is_held or parts == order.total_minor


def test_without_a_place_of_delivery_the_goods_go_to_the_consignee() -> None:
    lines_ = ("LIN+1++A:SA", "QTY+21:1", "PRI+AAA:1", "UNS+S")
    place, other = "NAD+UC+++Kunde+Weg 1+Wien++1010+AT", "NAD+DP+++Lager+Hof 2+Graz++8010+AT"
    assert edifact(("BGM+220+7+9", "CUX+2:EUR:9", place, *lines_))[0].shipping["city"] == "Wien"
    assert edifact(("BGM+220+7+9", "CUX+2:EUR:9", place, other, *lines_))[0].shipping["city"] == "Graz"
