// What was typed into a note is kept on this machine until it is sent.
const PREFIX = "bahi.draft.";

export function drafts(document) {
  const field = (form) => form.querySelector("textarea");
  const fill = (root) => root.querySelectorAll?.("[data-draft]").forEach((form) => {
    const kept = localStorage.getItem(PREFIX + form.dataset.draft);
    if (kept && !field(form).value) field(form).value = kept;
  });
  fill(document);
  document.addEventListener("htmx:load", (event) => fill(event.target));
  document.addEventListener("input", (event) => {
    const form = event.target.closest("[data-draft]");
    if (!form) return;
    if (event.target.value) localStorage.setItem(PREFIX + form.dataset.draft, event.target.value);
    else localStorage.removeItem(PREFIX + form.dataset.draft);
  });
  const forget = (form) => form?.dataset?.draft && localStorage.removeItem(PREFIX + form.dataset.draft);
  document.addEventListener("htmx:beforeSwap", (event) => {
    if (event.detail.xhr?.status === 200) forget(event.detail.requestConfig?.elt);
  });
}
