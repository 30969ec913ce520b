"""Paper for many parcels at once: their labels as one PDF, with a pick list in front, and the manifest a driver signs.

Labels are kept as their carriers made them, so the PDFs themselves are put together, each page in its own size. The data reach the
typesetter as JSON and as files of a folder of its own, never as markup.
"""

from __future__ import annotations

import json
import re
import tempfile
import zlib
from collections import defaultdict
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typst

from shipping import carriers
from shipping.code128 import widths
from shipping.models import Label, Manifest, Shipment
from timeline.currencies import summed, typed
from timeline.errors import Invalid

if TYPE_CHECKING:
    from collections.abc import Sequence
    from uuid import UUID

LABELS_MAX = 100
PAGES_MAX = 8
_HERE = Path(__file__).parent
_SHEAF, _MANIFEST = _HERE / "sheaf.typ", _HERE / "manifest.typ"
_PAGE = re.compile(rb"/Type\s*/Page(?![a-zA-Z])")
_STREAM = re.compile(rb"stream\r?\n(.*?)\r?\nendstream", re.DOTALL)


class NoLabel(Invalid):
    """Each of these parcels needs a label of its own to be printed; the errors name those that have none."""


def labels_pdf(shipment_ids: Sequence[UUID], *, with_pick_list: bool = False) -> bytes:
    """The labels in this order as one PDF. Raises NoLabel naming each parcel without one that can be read."""
    wanted = list(dict.fromkeys(shipment_ids))
    if not wanted or len(wanted) > LABELS_MAX:
        raise NoLabel(errors=[("#/shipmentIds", f"Between 1 and {LABELS_MAX} parcels.")])
    labels = {label.shipment_id: label for label in Label.objects.select_related("shipment__key").filter(shipment_id__in=wanted)}
    _require(wanted, [pk for pk in wanted if pk not in labels], "It has no label.")
    files = {f"{place}.pdf": labels[pk].file() for place, pk in enumerate(wanted)}
    _require(wanted, [pk for place, pk in enumerate(wanted) if not files[f"{place}.pdf"]], "Its customer was erased.")
    pages = [
        {"file": name, "page": page, "says": f"Label {labels[wanted[place]].shipment.tracking_number}"}
        for place, (name, pdf) in enumerate(files.items())
        for page in range(1, _pages(pdf) + 1)
    ]
    picks = _picks([labels[pk].shipment for pk in wanted]) if with_pick_list else []
    try:
        return _sheaf(files, pages, picks)
    except typst.TypstError:
        broken = [pk for place, pk in enumerate(wanted) if not _is_readable(files[f"{place}.pdf"])]
        _require(wanted, broken, "Its label cannot be read.")
        raise


def manifest_pdf(manifest: Manifest) -> bytes:
    """The list of a manifest's parcels, with a line for the driver's name and hand."""
    rows = manifest.rows.select_related("shipment").order_by("shipment__tracking_number")
    parcels = [row.shipment for row in rows if row.is_live or manifest.status == Manifest.Status.DROPPED]
    cash = summed((parcel.currency, parcel.cod_amount_minor) for parcel in parcels if parcel.cod_amount_minor)
    data = {
        "number": manifest.number, "carrier": _name(manifest.carrier), "warehouse": manifest.warehouse_code,
        "day": f"{manifest.day:%d %B %Y}", "bars": widths(manifest.number), "dropped": manifest.status == Manifest.Status.DROPPED,
        "parcels": [_listed(place, parcel) for place, parcel in enumerate(parcels, start=1)],
        "weight": f"{sum(parcel.weight_g for parcel in parcels) / 1000:.1f} kg", "cash": " + ".join(_cash(minor, currency) for currency, minor in sorted(cash.items())),
    }
    compiled = _compiler().compile(format="pdf", sys_inputs={"manifest": json.dumps(data, ensure_ascii=False)})
    return bytes(compiled)  # type: ignore[arg-type]  # one PDF is asked for, so it is not a list


def _sheaf(files: dict[str, bytes], pages: list[dict[str, Any]], picks: list[dict[str, Any]]) -> bytes:
    with tempfile.TemporaryDirectory(prefix="bahi-labels-") as folder:
        place = Path(folder)
        for name, pdf in files.items():
            (place / name).write_bytes(pdf)
        template = place / "sheaf.typ"
        template.write_bytes(_SHEAF.read_bytes())
        words = {"sheaf": json.dumps({"pages": pages, "picks": picks}, ensure_ascii=False)}
        compiled = typst.Compiler(str(template), root=folder).compile(format="pdf", sys_inputs=words)
    return bytes(compiled)  # type: ignore[arg-type]  # one PDF is asked for, so it is not a list


def _is_readable(pdf: bytes) -> bool:
    try:
        _sheaf({"0.pdf": pdf}, [{"file": "0.pdf", "page": _pages(pdf), "says": ""}], [])
    except typst.TypstError:
        return False
    return True


def _pages(pdf: bytes) -> int:
    """How many pages a label has: counted where pages are declared, in the open or in compressed objects."""
    found = len(_PAGE.findall(pdf))
    for stream in _STREAM.findall(pdf) if not found else ():
        try:
            found += len(_PAGE.findall(zlib.decompressobj().decompress(stream, 4 * 1024 * 1024)))
        except zlib.error:
            continue
    return min(max(found, 1), PAGES_MAX)


def _picks(shipments: Sequence[Shipment]) -> list[dict[str, Any]]:
    """What to take from the shelves for all of them, a page a warehouse."""
    units: dict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    names: dict[str, str] = {}
    for shipment in shipments:
        for item in shipment.contents:
            units[shipment.warehouse_code][str(item["sku"])] += int(item["quantity"])
            names[str(item["sku"])] = str(item.get("name") or "")
    return [
        {
            "warehouse": code, "parcels": sum(1 for one in shipments if one.warehouse_code == code),
            "units": sum(skus.values()), "rows": [{"sku": sku, "name": names[sku], "units": skus[sku]} for sku in sorted(skus)],
        }
        for code, skus in sorted(units.items())
    ]


def _listed(place: int, parcel: Shipment) -> dict[str, Any]:
    return {
        "place": place, "number": parcel.tracking_number, "reference": parcel.reference, "weight": f"{parcel.weight_g} g",
        "cash": _cash(parcel.cod_amount_minor, parcel.currency) if parcel.cod_amount_minor else "",
    }


def _cash(minor: int, currency: str) -> str:
    return f"{currency} {typed(minor, currency)}"


def _name(code: str) -> str:
    there = carriers.named(code)
    return there.name if there is not None else code


def _require(wanted: Sequence[UUID], without: Sequence[UUID], why: str) -> None:
    if without:
        raise NoLabel(errors=[(f"#/shipmentIds/{wanted.index(pk)}", why) for pk in without])


@cache
def _compiler() -> typst.Compiler:
    return typst.Compiler(str(_MANIFEST), root=str(_HERE), ignore_system_fonts=False)
