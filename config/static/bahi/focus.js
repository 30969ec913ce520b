// Where the keyboard goes on when a request took away what had the focus: back to it, to the next step, or to the page.
export function focusing(document) {
  let at = null;
  const lost = () => !document.activeElement || document.activeElement === document.body;
  const back = () => {
    if (!at || !lost() || document.querySelector("dialog[open]")) return;
    const here = at.isConnected && at.checkVisibility() ? at : document.querySelector("#order [data-key=s]") || document.getElementById("main");
    here?.focus();
  };
  document.addEventListener("htmx:beforeRequest", (event) => {
    if (event.target.contains(document.activeElement) && !lost()) at = document.activeElement;
  });
  for (const kind of ["htmx:afterRequest", "htmx:afterSettle"]) document.addEventListener(kind, back);
  document.getElementById("dialog")?.addEventListener("close", () => setTimeout(back));
}
