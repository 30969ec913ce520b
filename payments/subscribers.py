"""Payments listens to no event from inside: what follows from money is for the story's conductor to say.

Its own events that must reach a gateway are heard in `payments.exchanges`, outside any transaction. Subscribers added here
write to the database only; the contract "No network inside a transaction" holds this module to it.
"""

from __future__ import annotations
