"""The arithmetic knows no float, no clock and no framework (STYLE rules 12 and 15)."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import orders.pricing

MODULES = sorted(Path(next(iter(orders.pricing.__path__))).glob("*.py"))
FRAMEWORKS = {"django", "rest_framework", "celery", "decimal"}
CLOCKS = {"now", "utcnow", "today", "time"}


def imported(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module or ""


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.stem)
def test_no_float_is_used(path: Path) -> None:
    floats = [
        node.lineno
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if (isinstance(node, ast.Name) and node.id == "float")
        or (isinstance(node, ast.Constant) and isinstance(node.value, float))
        or (isinstance(node, ast.BinOp) and isinstance(node.op, ast.Div))
        or (isinstance(node, ast.AugAssign) and isinstance(node.op, ast.Div))
        or (isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "round")
    ]
    assert floats == []


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.stem)
def test_only_pricing_and_the_standard_library_are_imported(path: Path) -> None:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    foreign = {
        name
        for name in imported(tree)
        if name.split(".")[0] in FRAMEWORKS or (name.startswith("orders") and not name.startswith("orders.pricing"))
    }
    assert foreign == set()


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.stem)
def test_nothing_asks_the_clock(path: Path) -> None:
    calls = [
        node.lineno
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in CLOCKS
    ]
    assert calls == []
