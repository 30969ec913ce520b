// Short words about what was done, in one region that screen readers follow.
const SHOWN_MS = 8000;

export function toast(document, words) {
  const place = document.getElementById("toasts");
  const line = document.createElement("p");
  line.className = "toast";
  line.textContent = words;
  place.append(line);
  setTimeout(() => line.remove(), SHOWN_MS);
}

export function toasts(document) {
  document.querySelectorAll(".toast").forEach((line) => setTimeout(() => line.remove(), SHOWN_MS));
  document.body.addEventListener("toast", (event) => toast(document, event.detail.value));
  for (const kind of ["htmx:sendError", "htmx:responseError", "htmx:timeout"]) {
    document.addEventListener(kind, (event) => {
      if (!event.target.matches?.("[data-pulse]")) toast(document, "That did not work. Nothing was lost: try again.");
    });
  }
}
