"""axe-core, which a package brings, asked about the page that is open."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.browser.chromium import Browser

PACKAGE = "axe_playwright_python"
TAGS = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa")
NODES_MAX = 3
_ASK = """new Promise(drawn => requestAnimationFrame(() => requestAnimationFrame(drawn))).then(() => axe.run(document, {options})).then(found => found.violations.map(
  rule => [rule.id, rule.help, rule.nodes.slice(0, {most}).map(node => [node.target.join(" "), node.html.slice(0, 160), node.any.concat(node.all, node.none).map(one => one.message).join("; ")])]))"""


def source() -> str:
    """The script. The package that brings it is not imported: it would want a driver that nothing here needs."""
    spec = importlib.util.find_spec(PACKAGE)
    assert spec is not None, f"{PACKAGE} is not installed: make install"
    assert spec.submodule_search_locations
    return (Path(spec.submodule_search_locations[0]) / "axe.min.js").read_text(encoding="utf-8")


def faults(browser: Browser, *rules: str) -> list[str]:
    """What the page does wrong: rule, element and reason, one a line. With rules, only these are asked."""
    only = {"type": "rule", "values": rules} if rules else {"type": "tag", "values": TAGS}
    options = {"runOnly": only, "resultTypes": ["violations"], "preload": False, "elementRef": False}
    found = browser.read(_ASK.format(options=json.dumps(options), most=NODES_MAX))
    return [f"{rule} ({words}): {target} {html}: {why}" for rule, words, nodes in found for target, html, why in nodes]
