"""Pages that are written from the code and compared with it: states, events, settings, `.env.example`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from config import env
from config.schedule import SCHEDULE
from orders import lifecycle
from timeline import subscriptions
from timeline.transitions import Machine, machine, machines
from timeline.vocabulary import VOCABULARY

if TYPE_CHECKING:
    from pathlib import Path

_HEAD = "<!-- Written by `make docs` from the code; `make check` compares. -->\n"


def pages() -> dict[Path, str]:
    """Every generated page and its text."""
    docs = env.ROOT / "docs"
    return {
        docs / "states.md": states(),
        docs / "events.md": events(),
        docs / "settings.md": settings_page(),
        docs / "schedule.md": schedule(),
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
    return "\n".join([*parts, _stages()])


def events() -> str:
    """`docs/events.md`: the vocabulary and who listens."""
    rows = [
        f"| `{kind.kind}` | {'yes' if kind.public else 'no'} | {kind.type} | {kind.sentence} | "
        + ", ".join(f"`{listener.name}`" for listener in subscriptions.of_kind(kind.kind) if not listener.name.startswith("tests."))
        + " |"
        for kind in VOCABULARY.values()
    ]
    return "\n".join(
        [
            _HEAD,
            "# Events\n",
            "Every event the system can say. Kinds are added, never changed; facts are ids, amounts and codes, never people.\n",
            "| kind | customers see it | type | sentence | who listens |",
            "|---|---|---|---|---|",
            *rows,
            "",
        ]
    )


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


def _stages() -> str:
    rows = [
        f"| {row.status} | {', '.join(sorted(row.payment_states)) or 'any'} |"
        f" {', '.join(sorted(row.fulfilment_states)) or 'any'} | {row.stage} |"
        for row in lifecycle.PROJECTIONS
    ]
    head = "| status | payment state | fulfilment state | stage |\n|---|---|---|---|"
    return "\n".join(["\n## Status and stage\n", "One lifecycle in two vocabularies; the first row that fits wins.\n", head, *rows, ""])


def _diagram(table: Machine) -> str:
    arrows = [f"    [*] --> {state}" for state in table.initial]
    arrows += [f"    {step.source} --> {step.target}: {step.verb}" for step in table.steps]
    return "\n".join(["```mermaid", "stateDiagram-v2", *arrows, "```", ""])


def _table(table: Machine) -> str:
    rows = [f"| {step.source} | {step.verb} | {step.target} | `{step.event}` |" for step in table.steps]
    return "\n".join(["| from | verb | to | event |", "|---|---|---|---|", *rows, ""])
