// Shortens the way; every page works without it.
import { keys } from "./keys.js";
import { copying } from "./copy.js";
import { dialogs } from "./dialog.js";
import { drafts } from "./drafts.js";
import { focusing } from "./focus.js";
import { scrolls } from "./scrolls.js";
import { toasts } from "./toast.js";

for (const start of [keys, copying, dialogs, drafts, focusing, scrolls, toasts]) start(document);

// An open page asks for news only while somebody looks at it, and saves data where that is asked for.
document.addEventListener("htmx:beforeRequest", (event) => {
  const quiet = document.hidden || navigator.connection?.saveData;
  if (quiet && event.target.matches?.("[data-pulse]")) event.preventDefault();
});
