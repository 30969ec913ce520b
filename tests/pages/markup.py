"""What every page must be: read with the standard library's parser."""

from __future__ import annotations

from html.parser import HTMLParser

from orders.pages.pay import GATEWAY_FORM_URL

VOID = frozenset({"area", "base", "br", "col", "hr", "img", "input", "link", "meta", "source", "use", "path"})


class Page(HTMLParser):
    """Collects ids, labels, fields, forms, keys, and whatever the content policy forbids."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.ids: list[str] = []
        self.labelled: set[str] = set()
        self.fields: list[dict[str, str]] = []
        self.forms: list[dict[str, str]] = []
        self.keys: list[str] = []
        self.links: list[str] = []
        self.headings: list[str] = []
        self.forbidden: list[str] = []
        self.open: list[str] = []
        self.unbalanced: list[str] = []
        self.hidden: dict[str, str] = {}
        self._in_form: dict[str, str] | None = None
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = {key: value or "" for key, value in attrs}
        if tag not in VOID:
            self.open.append(tag)
        if "id" in found:
            self.ids.append(found["id"])
        if tag == "label":
            self.labelled.add(found.get("for", ""))
        if "data-key" in found:
            self.keys.append(found["data-key"])
        if tag in ("h1", "h2", "h3"):
            self.headings.append(tag)
        self._links(tag, found)
        self._policy(tag, found)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.handle_endtag(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag in VOID:
            return
        if not self.open or self.open[-1] != tag:
            self.unbalanced.append(tag)
            return
        self.open.pop()

    def _links(self, tag: str, found: dict[str, str]) -> None:
        if tag == "a":
            self.links.append(found.get("href", ""))
        if tag == "form":
            self.forms.append(found)
        if tag in ("input", "select", "textarea"):
            if found.get("type") == "hidden":
                self.hidden[found.get("name", "")] = found.get("value", "")
            else:
                self.fields.append(found)

    def _policy(self, tag: str, found: dict[str, str]) -> None:
        if tag == "style" or (tag == "script" and "src" not in found):
            self.forbidden.append(f"inline <{tag}>")
        self.forbidden += [f"{tag} {key}" for key in found if key == "style" or (key.startswith("on") and key != "on")]
        for key in ("src", "href", "action"):
            outside = ("javascript:",) if tag == "a" else ("http:", "https:", "//", "javascript:")
            if found.get(key, "").startswith(outside) and found[key] != GATEWAY_FORM_URL:
                self.forbidden.append(f"{tag} {key} leads elsewhere")


def check(text: str) -> Page:
    """A page that is whole, keeps the content policy, and can be read and used by everyone."""
    page = Page(text)
    assert page.forbidden == []
    assert page.unbalanced == []
    assert page.open == []
    assert len(page.ids) == len(set(page.ids)), "an id is there twice"
    assert len(page.keys) == len(set(page.keys)), "a key is bound twice"
    nameless = [
        field for field in page.fields if "aria-label" not in field and field.get("id") not in page.labelled
    ]
    assert nameless == [], "a field has no label"
    assert page.labelled - {""} <= set(page.ids), "a label names no field"
    assert all(page.links), "a link leads nowhere"
    if text.lstrip().startswith("<!doctype"):
        assert page.headings.count("h1") == 1
    return page
