// A page that asks for words opens as a dialog; Esc closes it and the focus returns.
export function dialogs(document) {
  const dialog = document.getElementById("dialog");
  if (!dialog) return;
  let opener = null;

  document.addEventListener("htmx:beforeRequest", (event) => {
    if (event.target.matches("[data-dialog]")) opener = event.target;
  });
  document.addEventListener("htmx:afterSwap", (event) => {
    if (event.target !== dialog || !dialog.innerHTML.trim()) return;
    if (!dialog.open) dialog.showModal();
    (dialog.querySelector("[aria-invalid=true]") || dialog.querySelector("input:not([type=hidden]), textarea, select, button"))?.focus();
    amount();
  });
  document.body.addEventListener("dialog-close", () => dialog.open && dialog.close());
  dialog.addEventListener("click", (event) => {
    if (event.target === dialog || event.target.closest("[data-close]")) { event.preventDefault(); dialog.close(); }
  });
  dialog.addEventListener("close", () => { dialog.replaceChildren(); opener?.isConnected && opener.focus(); });
  document.addEventListener("input", (event) => { if (event.target.name === "amount") amount(); });
  amount();

  // An amount as the pages write it: rupees in lakhs with their sign, others with their code behind.
  function words(sum, currency, digits) {
    if (currency === "INR") return sum.toLocaleString("en-IN", { style: "currency", currency });
    return `${sum.toLocaleString("en-US", { minimumFractionDigits: digits, maximumFractionDigits: digits })} ${currency}`;
  }

  // The button says how much money it moves.
  function amount() {
    const field = document.querySelector("[name=amount]");
    const button = document.querySelector("[data-amount]");
    if (!field || !button) return;
    const { currency, exponent } = field.dataset;
    const sum = Number(field.value.replace(currency, "").replace(/[\p{Sc},\s]/gu, ""));
    button.textContent = button.dataset.amount + (sum > 0 ? ` ${words(sum, currency, Number(exponent))}` : "");
  }
}
