// A table that is wider than its place is reached by keys, too: while it is, and where nothing in it is.
export function scrolls(document) {
  const look = (node) => {
    const lost = node.scrollWidth > node.clientWidth && !node.querySelector("a, button, input, select, summary");
    if (!lost) return ["tabindex", "role", "aria-label"].forEach((name) => node.removeAttribute(name));
    node.tabIndex = 0;
    node.setAttribute("role", "group");
    node.setAttribute("aria-label", node.querySelector("caption")?.textContent || "Table");
  };
  const sizes = new ResizeObserver((seen) => seen.forEach((one) => look(one.target)));
  const watch = (root) => root.querySelectorAll?.(".scroll:not([tabindex])").forEach((node) => sizes.observe(node));
  watch(document);
  document.addEventListener("htmx:load", (event) => watch(event.target));
}
