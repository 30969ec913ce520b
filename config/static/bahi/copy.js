// Buttons that copy: shown only where copying works.
import { toast } from "./toast.js";

export function copying(document) {
  const show = (root) => root.querySelectorAll?.("[data-copy]").forEach((button) => { button.hidden = !navigator.clipboard; });
  show(document);
  document.addEventListener("htmx:load", (event) => show(event.target));
  document.addEventListener("click", async (event) => {
    const button = event.target.closest("[data-copy]");
    if (!button) return;
    await navigator.clipboard.writeText(button.dataset.copy);
    toast(document, "Copied.");
  });
}
