// The packing table: scans without waiting for a page, also while there is no connection. The page works without it.
const RETRY_MS = 3000;
const LABEL_MS = 1500;
const LABEL_TRIES = 20;
const TONES = { right: [880, 0.09], wrong: [180, 0.45], over: [300, 0.25], refused: [180, 0.45], done: [1320, 0.3] };

const table = document.getElementById("pack");
const form = document.getElementById("scan-form");
const field = document.getElementById("scan");
const verdict = document.getElementById("verdict");
const banner = document.getElementById("offline");
const store = `bahi.scans.${table?.dataset.box}`;
let sending = false;
let sound = null;

if (table) start();

function start() {
  document.addEventListener("keydown", press);
  if (!form) return;
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const code = field.value.trim();
    field.value = "";
    if (!code) return;
    // Every scan has an id of its own, made here: however often it is sent, it is counted once.
    save([...queue(), { scan: crypto.randomUUID(), code }]);
    send();
  });
  // A scanner types wherever the cursor is: keep it in the field.
  document.addEventListener("click", (event) => { if (!event.target.closest("a, button, input, select, summary, textarea, dialog, details")) field.focus(); });
  window.addEventListener("focus", () => field.focus());
  window.addEventListener("online", send);
  field.focus();
  send();
}

function press(event) {
  const node = ["F2", "F4", "F8"].includes(event.key) && document.querySelector(`[data-press="${event.key}"]`);
  if (!node) return;
  event.preventDefault();
  if (node.matches("details")) { node.open = true; node.querySelector("select")?.focus(); } else node.click();
  if (event.key === "F8") document.querySelector("[data-label]:not([hidden])")?.click();
}

async function send() {
  if (sending) return;
  sending = true;
  let scan;
  while ((scan = queue()[0])) {
    const body = new FormData(form);
    body.set("scan", scan.scan);
    body.set("code", scan.code);
    try {
      const reply = await fetch(form.action, { method: "POST", body, headers: { Accept: "application/json" }, redirect: "error" });
      if (reply.status >= 500) throw new Error(reply.status);
      const said = await reply.json();
      save(queue().slice(1));
      online(true);
      show(scan.code, said);
    } catch {
      online(false);
      setTimeout(send, RETRY_MS);
      break;
    }
  }
  sending = false;
}

function show(code, said) {
  verdict.textContent = `${said.said}: ${code}`;
  verdict.dataset.said = said.result;
  for (const line of said.lines || []) {
    const row = document.querySelector(`[data-line="${line.id}"]`);
    if (!row) { location.reload(); return; }
    row.querySelector("[data-inside]").textContent = line.inside;
    row.querySelector("[data-units]").textContent = line.units;
    row.querySelector("[data-left]").textContent = line.units - line.inside;
    row.classList.toggle("whole", line.inside >= line.units);
  }
  if ("left" in said) {
    document.querySelector("[data-left-all]").textContent = said.left;
    document.querySelector("[data-units-all]").textContent = said.units;
  }
  if (said.isPacked) return packed(said);
  beep(said.result);
}

function packed() {
  verdict.textContent = "Box complete";
  verdict.dataset.said = "done";
  beep("done");
  form.hidden = true;
  document.querySelectorAll('[data-press="F2"], [data-press="F4"]').forEach((node) => { (node.closest("form") || node).hidden = true; });
  window.open(table.dataset.slip, "_blank", "noopener");
  label(LABEL_TRIES);
}

// The carrier answers in a moment: ask for its label until it is there, then print it.
async function label(tries) {
  const reply = await fetch(table.dataset.url, { headers: { Accept: "application/json" } }).then((found) => found.json()).catch(() => ({}));
  if (!reply.label) { if (tries) setTimeout(() => label(tries - 1), LABEL_MS); return; }
  const link = document.querySelector("[data-label]");
  link.href = reply.label;
  link.hidden = false;
  link.classList.add("primary");
  document.querySelector("[data-waits]")?.remove();
  window.open(reply.label, "_blank", "noopener");
}

function online(is) {
  banner.hidden = is;
  banner.querySelector("[data-queued]").textContent = queue().length;
}

function beep(result) {
  const [pitch, seconds] = TONES[result] || TONES.wrong;
  try {
    sound ??= new AudioContext();
    const tone = sound.createOscillator();
    const volume = sound.createGain();
    tone.frequency.value = pitch;
    tone.type = result === "right" || result === "done" ? "sine" : "square";
    volume.gain.value = 0.15;
    tone.connect(volume).connect(sound.destination);
    tone.start();
    tone.stop(sound.currentTime + seconds);
  } catch { /* no sound: colour and word say it */ }
}

function queue() {
  try { return JSON.parse(localStorage.getItem(store)) || []; } catch { return []; }
}

function save(scans) {
  if (scans.length) localStorage.setItem(store, JSON.stringify(scans)); else localStorage.removeItem(store);
}
