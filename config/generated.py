"""Pages that are written from the code and compared with it: states, events, settings, roles, `.env.example`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from config import env, rights_page
from config.schedule import SCHEDULE
from orders import automaton, lifecycle
from orders.reconciliation.actions import VERBS
from orders.reconciliation.causes import CAUSES
from orders.reconciliation.runs import CHECKS
from timeline import subscriptions
from timeline.transitions import Machine, machine, machines
from timeline.vocabulary import CART_TRACKING, VOCABULARY, activity

if TYPE_CHECKING:
    from pathlib import Path

    from orders.reconciliation.causes import Cause
    from timeline.vocabulary import Kind

_HEAD = "<!-- Written by `make docs` from the code; `make check` compares. -->\n"


def pages() -> dict[Path, str]:
    """Every generated page and its text."""
    docs = env.ROOT / "docs"
    return {
        docs / "states.md": states(),
        docs / "events.md": events(),
        docs / "settings.md": settings_page(),
        docs / "schedule.md": schedule(),
        docs / "reconciliation.md": reconciliation(),
        docs / "lifecycle.md": allowed_when(),
        docs / "roles.md": rights_page.text(_HEAD),
        env.ROOT / ".env.example": env.example(),
    }


def stale() -> list[Path]:
    """The pages that no longer say what the code says."""
    return [path for path, text in pages().items() if not path.is_file() or path.read_text(encoding="utf-8") != text]


def write() -> int:
    """Write every page; returns how many."""
    for path, text in pages().items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return len(pages())


def states() -> str:
    """`docs/states.md`: each machine as a diagram and a table."""
    parts = [_HEAD, "# States\n", "What may follow what. The same table stands in the database's triggers.\n"]
    shown = [model for model in machines() if not model.__module__.startswith("tests.")]
    for model in sorted(shown, key=lambda model: model.__name__):
        table = machine(model)
        parts += [f"\n## {model.__name__}\n", _diagram(table), _table(table)]
    return "\n".join([*parts, _stages(), _fulfilment_words()])


def events() -> str:
    """`docs/events.md`: the vocabulary and who listens."""
    rows = [
        f"| `{kind.kind}` | {kind.type} | {activity(kind.kind)} | {_tracking(kind)} | {kind.stage} | {'yes' if kind.public else 'no'} "
        f"| {kind.sentence} | "
        + ", ".join(f"`{listener.name}`" for listener in subscriptions.of_kind(kind.kind) if not listener.name.startswith("tests."))
        + " |"
        for kind in VOCABULARY.values()
    ]
    return "\n".join(
        [
            _HEAD,
            "# Events\n",
            _EVENTS,
            "| kind | type | order activity | tracking event | stage | customers see it | sentence | who listens |",
            "|---|---|---|---|---|---|---|---|",
            *rows,
            "",
        ]
    )


def _tracking(kind: Kind) -> str:
    """Its names among tracking events; one kind of ours may be several, by what it says."""
    names = [kind.tracking] if kind.tracking else []
    if kind.kind == "checkout.changed":
        names += [f"{name} (`{what}`)" for what, name in CART_TRACKING.items()]
    return ", ".join(names)


def settings_page() -> str:
    """`docs/settings.md`: the environment."""
    rows = [
        f"| `{variable.name}` | {variable.kind} | {f'`{variable.default}`' if variable.default else ''} | {variable.meaning} |"
        for variable in env.VARIABLES
    ]
    return "\n".join([_HEAD, "# Settings\n", "| variable | kind | default | meaning |", "|---|---|---|---|", *rows, ""])


def schedule() -> str:
    """`docs/schedule.md`: what happens by the clock."""
    rows = [f"| `{tick.task}` | {tick.every_s:g} s | {tick.queue} |" for tick in SCHEDULE]
    return "\n".join([_HEAD, "# Schedule\n", "| task | every | queue |", "|---|---|---|", *rows, ""])


def reconciliation() -> str:
    """`docs/reconciliation.md`: how books are compared, and every reason why they may differ."""
    rows = [
        f"| `{cause.code}` | {cause.kind} | {cause.owner} | {cause.severity} | {cause.sentence} | {cause.fix} | {_done_by(cause)} |"
        for cause in CAUSES.values()
    ]
    return "\n".join([
        _HEAD, _RECONCILIATION.format(checks=", ".join(CHECKS)), "## Causes\n",
        "| cause | kind | owner | severity | what it is | what to do | who does it |", "|---|---|---|---|---|---|---|", *rows, "",
    ])


def allowed_when() -> str:
    """`docs/lifecycle.md`: for every reachable state of an order, what may still be changed."""
    asked = automaton.QUESTIONS
    rules = [
        f"| {question.title} | {rule.words} | `{rule.slug}` | {rule.instead} |" for question in asked for rule in question.rules
    ]
    order = {status: place for place, status in enumerate(lifecycle.STATUSES)}
    found = sorted(automaton.table().items(), key=lambda item: (order[item[0][0]], item[0][1:3], item[0][3]))
    rows = [
        f"| {status} | {goods}{', a unit is free' if is_free else ''} | {', '.join(sorted({money for money, _ in states}))} | "
        + " | ".join(f"`{answer}`" if answer else "yes" for answer in answers) + " |"
        for (status, goods, is_free, answers), states in found
    ]
    titles = " | ".join(question.title for question in asked)
    head = _LIFECYCLE.format(states=len(automaton.explore()), steps=", ".join(step.name for step in automaton.STEPS))
    return "\n".join([
        _HEAD, head, "| asked | refused when | with | instead |", "|---|---|---|---|", *rules,
        "\n## Every state\n", f"| status | goods | money | {titles} |", "|---" * (3 + len(asked)) + "|", *rows, "",
    ])


def _done_by(cause: Cause) -> str:
    if cause.explains_itself:
        return "the system, at once"
    return f"a person, with “{VERBS[cause.action].word}”" if cause.action else "a person"


_EVENTS = """Every event the system can say. Kinds are added, never changed; facts are ids, amounts and codes, never people.

The same thing has names elsewhere: `type` is the word of an order's timeline, *order activity* the typed event of an activity list
(`eventType` in the API: `Custom` for what a person wrote, `None` for what has no name there), *tracking event* its name when it
is sent on for marketing and analysis, and *stage* the stage of the order's life it leads to. What outside apps tell begins with `app.`.
"""
_LIFECYCLE = """# What may still be changed

An order is four things at once: its status, its money, its goods and its holds. `orders/automaton.py` says what may happen to them
together and explores every state that can be reached: {states} of an order of two units. There is no dead end among them, no
parcel leaves unpaid unless a person vouched for it or it is paid at the door, no more goes back than came, and nothing is stock
again before it was received. What may happen: {steps}.

Each state is built by the real operations and asked what stands below, and money and stock are added up after each answer
(`tests/flows/test_allowed_when.py`; `make lifecycle` for every combination with money and holds). The first rule that holds
refuses. A hold stops no change: it may be the reason for one.
"""
_RECONCILIATION = """# Reconciliation

Five books tell of the same money: the orders' timeline, the rows of payments and refunds, the gateway's settlement lines, the
bank's statement, and the ledger. Every hour all of them are compared over today and the eight days before, and every night
over the day that ended and all that is still open. So are units against movements and holds, parcels against orders, and
states against their stories. The checks are: {checks}.

**A difference is a case.** It has one cause of the closed list below, an owner, an amount, the day it counts on, and both sides
as they were found. The same difference is the same case however often it is found. What the system has put right already is
named and resolved at once; what is gone is resolved as `cleared`; what is back, or of another amount than was explained, is open
again. Cases wait in `/console/exceptions/`; each offers the verb that puts it right where there is one, takes a reason and words,
or is put off for a while, which does not close its day.

**A day in five books.** `/console/reconciliation/` and `manage.py reconcile --date` show what each book says was captured,
refunded, charged back, invoiced, paid out, handed over in cash and met at the bank, the same by channel and (as CSV) by order, and
what others owe at the end of the day: not due yet, explained by a case, or unexplained. The sum of what no resolved case
explains is the *residual*. The command exits with 1 while a case is open or a residual is left.

**Closing.** A day closes when it has been over for an hour, was compared after its end, all cases of it and of the days before
are resolved, and its residual is 0. Days close in order. The report is kept with the SHA-256 of its RFC 8785 form, and the event
`day.closed` carries the same digest. The database takes no entry on a closed day; every figure counts on the day it was booked,
and a case that comes back afterwards counts on the first day that is open. So the report can be made again at any time and is the
same, byte for byte.

**What is agreed** stands in the settings: `GATEWAY_FEE_BP`, `GATEWAY_FEE_GST_BP`, `SETTLE_DAYS`, `REFUND_DAYS`, `COD_DAYS`,
`CLAIM_DAYS`, `STUCK_HOURS`, `ADJUSTMENT_MINOR_MAX`.

**Gotchas.** What moved in the last fifteen minutes is not compared: it may still be on its way from one book to the next. A payout is
missed only once a later one has been read, a bank line only once later lines were imported. Weekends are no business days;
bank holidays are not known, so a payout may be called late on the day after one. Stories that have not moved since the window began
are left to `manage.py doctor`.

**Cost.** Each check is a fixed number of statements over sets, whatever was sold. 100,000 orders delivered within the window, with 1.9
million events and 700,000 postings, were compared in 17 seconds on PostgreSQL with two cores shared by other work, and in 160 MB.
"""


def _stages() -> str:
    rows = [
        f"| {row.status} | {', '.join(sorted(row.payment_states)) or 'any'} |"
        f" {', '.join(sorted(row.fulfilment_states)) or 'any'} | {row.stage} |"
        for row in lifecycle.PROJECTIONS
    ]
    head = "| status | payment state | fulfilment state | stage |\n|---|---|---|---|"
    return "\n".join(["\n## Status and stage\n", "One lifecycle in two vocabularies; the first row that fits wins.\n", head, *rows, ""])


def _fulfilment_words() -> str:
    rows = [f"| {parcel} | {word} |" for parcel, word in lifecycle.PARCEL_WORDS.items()]
    head = "| parcel | status of the fulfilment |\n|---|---|"
    own = f"| none, or only booked | its own: {', '.join(lifecycle.WAREHOUSE_WORDS)} |"
    return "\n".join(["\n## Fulfilment and parcel\n", "What is published of a fulfilment; a cancelled one stays cancelled.\n", head, own, *rows, ""])


def _diagram(table: Machine) -> str:
    arrows = [f"    [*] --> {state}" for state in table.initial]
    arrows += [f"    {step.source} --> {step.target}: {step.verb}" for step in table.steps]
    return "\n".join(["```mermaid", "stateDiagram-v2", *arrows, "```", ""])


def _table(table: Machine) -> str:
    rows = [f"| {step.source} | {step.verb} | {step.target} | `{step.event}` |" for step in table.steps]
    return "\n".join(["| from | verb | to | event |", "|---|---|---|---|", *rows, ""])
