"""Rules that prose alone would not keep: layers, the one door, names, sizes, generated pages."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.core.management import call_command, get_commands
from django.db import models

from config import env, generated
from inventory.models import Movement
from timeline import triggers
from timeline.transitions import machine, machines
from timeline.vocabulary import VOCABULARY

ROOT = Path(__file__).resolve().parents[2]
APPS = ("config", "orders", "payments", "shipping", "inventory", "timeline")
LAYERS = [{"timeline"}, {"inventory", "payments", "shipping"}, {"orders"}]
RANK = {app: rank for rank, layer in enumerate(LAYERS) for app in layer}
SOURCES = sorted(
    path
    for app in APPS
    for path in (ROOT / app).rglob("*.py")
    if "migrations" not in path.parts and "sandbox" not in path.parts  # the sandbox is a program of its own
)
FILE_LINES_MAX = 400
FUNCTION_LINES_MAX = 60
TEMPLATES = ROOT / "templates"
IN_RUPEES = ("books", "day", "order_list", "order_rows", "settlement", "settlements")
BUCKETS = {"utils", "helpers", "common", "services", "managers", "misc"}


@cache
def trees() -> dict[Path, ast.Module]:
    """What is in every source; parsed by the first test that asks, not by each process that collects."""
    return {path: ast.parse(path.read_text(encoding="utf-8")) for path in SOURCES}


def name_of(path: Path) -> str:
    return str(path.relative_to(ROOT))


def calls(tree: ast.AST, attribute: str) -> bool:
    return any(
        isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == attribute
        for node in ast.walk(tree)
    )


def test_imports_keep_the_contracts() -> None:
    done = subprocess.run(
        [sys.executable, "-c", "from importlinter.cli import lint_imports_command; lint_imports_command()"],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_relations_point_down() -> None:
    """A payment has never heard of an order."""
    for model in apps.get_models():
        here = model._meta.app_label
        for field in model._meta.get_fields():
            if here not in RANK or not isinstance(field, models.ForeignKey):
                continue
            there = field.related_model._meta.app_label
            assert there not in RANK or there == here or RANK[there] < RANK[here], f"{model.__name__}.{field.name} points up"


def test_locks_live_in_locks() -> None:
    found = [name_of(path) for path, tree in trees().items() if calls(tree, "select_for_update") and path.stem != "locks"]
    assert found == []


def test_nothing_is_published_or_scheduled_beside_the_table() -> None:
    """STYLE 10: no `.delay()`, no eta, no countdown."""
    found = [
        name_of(path)
        for path, tree in trees().items()
        if calls(tree, "delay") or calls(tree, "apply_async") or calls(tree, "send_task")
    ]
    assert found == []


def test_no_stateful_row_is_refreshed_and_no_state_is_updated_by_hand() -> None:
    found = []
    for path, tree in trees().items():
        for node in ast.walk(tree):
            if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)):
                continue
            if node.func.attr == "refresh_from_db" and path.name != "states.py":
                found.append(name_of(path))
            if node.func.attr == "update" and any(word.arg == "status" for word in node.keywords):
                found.append(name_of(path))
    assert [path for path in found if path != "timeline/idempotency.py" and not path.startswith("inventory/")] == []


def test_domain_code_asks_no_clock() -> None:
    """STYLE 15: time comes with the operation."""
    domain = ("orders/operations", "orders/pricing", "payments/operations", "shipping/operations", "inventory/operations")
    found = [name_of(path) for path, tree in trees().items() if name_of(path).startswith(domain) and calls(tree, "now")]
    assert found == []


def test_operations_are_verbs_with_named_nouns() -> None:
    """STYLE 2: `verb(op, *, nouns) -> thing`."""
    found = []
    for path in trees():
        if not name_of(path).startswith(("orders/operations/", "payments/operations", "shipping/operations", "inventory/operations")):
            continue
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            if not isinstance(node, ast.FunctionDef) or node.name.startswith("_") or not node.args.args:
                continue
            if node.args.args[0].arg == "op" and len(node.args.args) > 1:
                found.append(f"{name_of(path)}:{node.name}")
    assert found == []


def test_files_and_functions_stay_in_size() -> None:
    long_files = [name_of(path) for path in SOURCES if len(path.read_text(encoding="utf-8").splitlines()) > FILE_LINES_MAX]
    long_functions = [
        f"{name_of(path)}:{node.name}"
        for path, tree in trees().items()
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef) and (node.end_lineno or 0) - node.lineno + 1 > FUNCTION_LINES_MAX
    ]
    assert (long_files, long_functions) == ([], [])


def test_no_bucket_names() -> None:
    assert [name_of(path) for path in SOURCES if BUCKETS & set(path.with_suffix("").parts)] == []


def test_races_have_their_controls() -> None:
    """STYLE 7."""
    for path in (ROOT / "tests" / "races").glob("test_*.py"):
        assert "def test_control_" in path.read_text(encoding="utf-8"), path.name


def test_money_knows_no_float() -> None:
    """STYLE 12."""
    for path, tree in trees().items():
        if name_of(path).startswith(("orders/pricing", "orders/operations", "payments/operations")):
            assert not any(isinstance(node, ast.Name) and node.id == "float" for node in ast.walk(tree)), path


def test_money_is_said_in_its_currency() -> None:
    """Amounts of orders are of any currency: `"INR"` stands alone where books, banks and the gateway count in rupees."""
    said = {
        path.relative_to(TEMPLATES).as_posix(): re.findall(r"\|(?:money|minus|typed)(?::(\S+))?", path.read_text())
        for path in TEMPLATES.rglob("*.html")
    }
    assert [name for name, currencies in said.items() if "" in currencies] == []
    bare = [
        name_of(path) for path, tree in trees().items() if path.is_relative_to(ROOT / "orders") or path.is_relative_to(ROOT / "shipping")
        if any(isinstance(node, ast.ImportFrom) and node.module == "timeline.vocabulary" for node in ast.walk(tree))
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "money" and len(node.args) == 1
    ]
    assert bare == []
    assert {name for name, currencies in said.items() if '"INR"' in currencies} == {f"console/{name}.html" for name in IN_RUPEES}


@pytest.mark.parametrize("model", machines(), ids=lambda model: model.__name__)
def test_every_machine_says_its_events_and_is_reachable(model: Any) -> None:
    table = machine(model)
    assert all(step.event in VOCABULARY for step in table.steps)
    reached, front = set(table.initial), list(table.initial)
    while front:
        for step in table.from_state(front.pop()):
            if step.target not in reached:
                reached.add(step.target)
                front.append(step.target)
    assert reached == set(table.states)


@pytest.mark.django_db
@pytest.mark.parametrize("model", machines(), ids=lambda model: model.__name__)
def test_every_machine_is_guarded_by_the_database_itself(model: Any) -> None:
    """A machine added without its triggers would be a second door."""
    table = model._meta.db_table
    guards = [sql for trigger in triggers.expected() if trigger.table == table for sql in trigger.statements]
    for deed in ("INSERT", "UPDATE", "DELETE"):
        assert any(re.search(rf"\bBEFORE [A-Z ]*\b{deed}\b", sql) for sql in guards), f"{table} may be changed by {deed} unseen"


def test_links_in_the_documents_lead_somewhere() -> None:
    pages = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]
    dead = [
        f"{name_of(page)}: {link}"
        for page in pages
        for link in re.findall(r"\]\(([^)#\s]+)", page.read_text(encoding="utf-8"))
        if "://" not in link and not (page.parent / link).exists()
    ]
    assert dead == []


def test_commands_named_in_the_documents_exist() -> None:
    known = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    for page in [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), ROOT / ".ci" / "run"]:
        text = page.read_text(encoding="utf-8")
        targets = {word for line in re.findall(r"(?:^|`)make ((?:[a-z-]+ ?)+)", text, re.MULTILINE) for word in line.split()}
        assert targets <= known, f"{name_of(page)} names {sorted(targets - known)}"
        commands = set(re.findall(r"manage\.py ([a-z][a-z0-9]*)", text))
        assert commands <= set(get_commands()), f"{name_of(page)} names {sorted(commands - set(get_commands()))}"


def test_generated_pages_are_current() -> None:
    assert generated.stale() == []


@pytest.mark.django_db
def test_migrations_are_complete_and_named() -> None:
    call_command("makemigrations", "--check", "--dry-run", verbosity=0)
    for app in APPS:
        for path in (ROOT / app / "migrations").glob("0*.py"):
            assert "auto" not in path.stem


def test_every_variable_is_read_and_every_read_is_declared() -> None:
    declared = {variable.name for variable in env.VARIABLES}
    text = "\n".join(path.read_text(encoding="utf-8") for path in (ROOT / "config").rglob("*.py"))
    read = set(re.findall(r'env\.(?:text|flag|whole|many)\("([A-Z_]+)"\)', text)) | {"DATABASE_URL"}
    assert read <= declared
    unread = declared - read - {"EMAIL_URL", "PORT"}
    assert unread == set()


def test_every_kind_of_event_in_the_documents_is_said_somewhere() -> None:
    """docs/events.md lists what the system says, not what it once might have said."""
    words = {
        node.value for path, tree in trees().items() if path.name != "vocabulary.py"
        for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }
    composed = {f"stock.{kind}" for kind in Movement.Kind.values}  # inventory.operations.damage
    assert [kind for kind in VOCABULARY if kind not in words | composed] == []
