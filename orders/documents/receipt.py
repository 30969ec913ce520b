"""The customer's receipt of an order's history: what was sealed, under which signature, and a code by which anybody checks it.

It names no person. The code leads to the proof (`orders.proving`); the root and the key stand on the paper itself, so that the shop
cannot show another log later.
"""

from __future__ import annotations

import base64
import json
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import segno
import typst
from django.conf import settings
from django.utils.timezone import localtime

from orders import proving
from orders.models import Order
from timeline.log import proof
from timeline.log.checkpoint import known_keys
from timeline.log.witnesses import configured
from timeline.verifier import Checkpoint, check, witnessed

if TYPE_CHECKING:
    from uuid import UUID

_TEMPLATE = Path(__file__).parent / "receipt.typ"


def receipt_of(order_id: UUID) -> dict[str, Any]:
    """The receipt with its proof, in the API's words. Raises NoProof, Missing."""
    order = Order.objects.only("number", "created_at").get(pk=order_id)
    bundle = proof.bundle(str(order_id), public_only=True)
    verdict = check(bundle, known_keys())
    state: Checkpoint = verdict.checkpoint
    return {
        "orderNumber": order.number,
        "placedAt": order.created_at,
        "events": len(verdict.events) + verdict.withheld,
        "pending": verdict.pending,
        "log": state.origin,
        "size": state.size,
        "root": base64.b64encode(state.root).decode(),
        "keys": bundle["keys"],
        "witnesses": [str(one.key) for one in configured()],
        "witnessedBy": sorted(witnessed(bundle["checkpoint"], [one.key for one in configured()])),
        "proofUrl": f"{proving.link_of(order_id)}.json",
        "pageUrl": proving.link_of(order_id),
        "verifierUrl": f"{settings.PUBLIC_URL}/log/verifier.py",
        "proof": bundle,
    }


def receipt_pdf(order_id: UUID) -> bytes:
    """The same on one page, to be kept. Raises NoProof, Missing."""
    found = receipt_of(order_id)
    data = {
        "shop": settings.SHOP_NAME,
        "number": found["orderNumber"],
        "day": f"{localtime(found['placedAt']):%d %B %Y}",
        "events": str(found["events"]),
        "log": found["log"],
        "size": str(found["size"]),
        "root": found["root"],
        "key": found["keys"][0],
        "witnesses": found["witnessedBy"],
        "link": found["pageUrl"],
        "verifier": found["verifierUrl"],
        "code": code_of(found["pageUrl"]),
    }
    compiled = _compiler().compile(
        format="pdf", sys_inputs={"receipt": json.dumps(data, ensure_ascii=False)}, pdf_standards=["ua-1"]
    )
    return bytes(compiled)  # type: ignore[arg-type]  # one PDF is asked for, so it is not a list


def code_of(text: str) -> list[str]:
    """The QR code's rows, a digit a module, dark is 1, without the quiet zone."""
    return ["".join(str(int(cell)) for cell in row) for row in segno.make(text, error="m", micro=False).matrix]


@cache
def _compiler() -> typst.Compiler:
    return typst.Compiler(str(_TEMPLATE), root=str(_TEMPLATE.parent), ignore_system_fonts=False)
