// Single keys (WCAG 2.1.4: never while typing, and off with localStorage "bahi.keys" = "off").
const typing = (node) => node.closest?.("input:not([type=checkbox]):not([type=radio]), textarea, select, [contenteditable]");
const SEQUENCE_MS = 900;

export function keys(document) {
  let first = "";
  let at = 0;

  document.addEventListener("keydown", (event) => {
    const { key, target } = event;
    if ((event.ctrlKey || event.metaKey) && key === "Enter") {
      const form = target.closest?.("form");
      if (form) { event.preventDefault(); form.requestSubmit(); }
      return;
    }
    if ((event.ctrlKey || event.metaKey) && key.toLowerCase() === "k") return find(event);
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (key === "Escape") return away();
    if (typing(target) || document.querySelector("dialog[open]") || localStorage.getItem("bahi.keys") === "off") return;
    if (key === "/") return find(event);
    if (move(key)) return event.preventDefault();
    const now = Date.now();
    const pressed = key.toLowerCase();
    const both = now - at < SEQUENCE_MS && first ? `${first} ${pressed}` : "";
    [first, at] = [pressed, now];
    const node = (both && named(both)) || named(pressed);
    if (!node) return;
    event.preventDefault();
    first = "";
    if (node.matches("textarea, input, select")) node.focus();
    else node.click();
  });

  let last = null;
  document.addEventListener("change", count);
  document.addEventListener("reset", () => setTimeout(count));

  const named = (name) => document.querySelector(`[data-key="${CSS.escape(name)}"]`);
  const rows = () => [...document.querySelectorAll("[data-row]")];

  function find(event) {
    const field = document.querySelector("[data-find]");
    if (!field) return;
    event.preventDefault();
    field.focus();
    field.select();
  }

  function away() {
    document.querySelectorAll("details.menu[open]").forEach((menu) => { menu.open = false; });
    document.activeElement?.matches("[data-find]") && document.activeElement.blur();
    const chosen = document.querySelector("[name=order]:checked");
    if (chosen && !document.querySelector("dialog[open]")) { chosen.form.reset(); count(); }
  }

  function move(key) {
    const all = rows();
    if (!all.length || !["j", "k", "x", "J", "K", "X", "Enter"].includes(key)) return false;
    let here = all.findIndex((row) => row.classList.contains("cursor"));
    if (key === "X") { whole(); return true; }
    if (key.toLowerCase() === "j" || key.toLowerCase() === "k") {
      if (key < "a") tick(all[here]);
      all[here]?.classList.remove("cursor");
      here = Math.min(Math.max(here + (key.toLowerCase() === "j" ? 1 : -1), 0), all.length - 1);
      if (key < "a") tick(all[here]);
      all[here].classList.add("cursor");
      all[here].scrollIntoView({ block: "nearest" });
      return true;
    }
    if (here < 0 || (key === "Enter" && document.activeElement?.matches("a, button, summary"))) return false;
    if (key === "x") { all[here].querySelector("[name=order]")?.click(); return true; }
    all[here].querySelector("a")?.click();
    return true;
  }

  function tick(row) {
    const box = row?.querySelector("[name=order]");
    if (box) { box.checked = true; count(); }
  }

  // Shift X takes the whole page, and once more the whole view.
  function whole() {
    const boxes = [...document.querySelectorAll("[name=order]")];
    const all = document.querySelector("[data-all]");
    if (boxes.every((box) => box.checked) && all) all.checked = true;
    boxes.forEach((box) => { box.checked = true; });
    count();
  }

  function count() {
    const words = document.querySelector("[data-count]");
    if (words) words.textContent = document.querySelector("[data-all]:checked") ? "All chosen" : `${document.querySelectorAll("[name=order]:checked").length} chosen`;
  }

  document.addEventListener("click", (event) => {
    const box = event.target.closest?.("[name=order]");
    if (box) {
      const boxes = [...document.querySelectorAll("[name=order]")];
      const [from, to] = [boxes.indexOf(last), boxes.indexOf(box)].sort((a, b) => a - b);
      if (event.shiftKey && from >= 0) boxes.slice(from, to + 1).forEach((one) => { one.checked = box.checked; });
      last = box;
      count();
    }
    document.querySelectorAll("details.menu[open]").forEach((menu) => {
      if (!menu.contains(event.target)) menu.open = false;
    });
  });
}
