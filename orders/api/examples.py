"""One body for each kind of write, shown in the documentation and read by the tests."""

from __future__ import annotations

from typing import Any

_ADDRESS = {
    "name": "Meera Nair", "phone": "+919845012345", "line1": "12 Lake View", "city": "Bengaluru", "state": "IN-KA",
    "postalCode": "560001", "country": "IN",
}
_ITEMS = [{"orderItemId": "01890a5d-ac96-774b-bcce-b302099a8057", "quantity": 1}]

BODIES: dict[str, dict[str, Any]] = {
    "Nothing": {},
    "GuestTransferInput": {"anonymousToken": "eyJhbGciOiJIUzI1NiJ9.e30.x"},
    "GuestInput": {"sessionId": "beacon-7f3a"},
    "WishInput": {"sku": "KURTA-M", "quantity": 2, "metadata": {"gift": True}},
    "CheckoutInput": {"lines": [{"sku": "KURTA-M", "quantity": 2}]},
    "QuantityInput": {"quantity": 3},
    "DetailsInput": {
        "email": "meera@example.com", "shippingAddress": _ADDRESS, "shippingMethod": "standard", "paymentMethod": "razorpay",
    },
    "VerifyInput": {
        "razorpayPaymentId": "pay_LxyzA1b2C3d4E5", "razorpayOrderId": "order_Lxyz9876543210",
        "razorpaySignature": "9ef4dffbfd84f1318f6739a3ce19f9d85851857ae648f114332d8401e0949a3d",
    },
    "AddInput": {"sku": "KURTA-M", "quantity": 1},
    "KeepInput": {**_ITEMS[0], "quantity": 0},
    "EditInput": {"add": [{"sku": "KURTA-M", "quantity": 1}], "quantities": [{**_ITEMS[0], "quantity": 1}]},
    "ReaddressInput": {"shippingAddress": _ADDRESS},
    "CommitInput": {"expectedBalance": -49900},
    "RefundWishInput": {"amount": 49900, "reason": "A seam is torn", "items": _ITEMS},
    "RefundInput": {"amount": 49900, "reason": "A seam is torn", "initiatePaymentRefund": True, "items": _ITEMS, "restock": False},
    "RefundQuoteInput": {"items": _ITEMS, "withShipping": True},
    "RestockInput": {**_ITEMS[0], "to": "stock"},
    "OtherMeansInput": {"reference": "UTR616012345678", "reason": "The card was closed; paid by NEFT"},
    "DeclineInput": {"reason": "The goods were worn"},
    "ContestInput": {"summary": "Delivered on the 3rd to the customer, tracking number BD123456789"},
    "StatusInput": {"status": "shipped", "carrier": "Blue Dart", "trackingNumber": "BD123456789"},
    "NoteInput": {"note": "Ring before delivery", "isPublic": True},
    "NoteTextInput": {"note": "Ring before delivery, after six"},
    "ShipmentInput": {"carrier": "own_fleet", "items": _ITEMS, "warehouse": "BLR-1"},
    "DispatchInput": {},
    "DeliverInput": {"deliveredTo": "Ravi", "signatureRequired": True, "photoUrl": "https://img.example/parcel.jpg"},
    "FileInput": {"csv": "Date,Narration,Debit,Credit\n21/11/2026,NEFT CR RAZORPAY UTR000000000001,,976.40\n"},
    "HoldInput": {"reason": "fraud", "note": "Ring the bank"},
}
