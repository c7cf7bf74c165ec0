// Confirm, dismiss, suppress: each asked for once more, with its reason, before it is written.
import { decide } from "./api.js";
import { h, put } from "./dom.js";
import { count } from "./format.js";

const WORDS = {
  confirm: ["Confirm", "The severity becomes high at least, and the advice is to hold the accounts."],
  dismiss: ["Dismiss", "The finding is closed, and what its accounts share counts no more: for good, or until somebody confirms it."],
  suppress: ["Suppress", "Dismissed for a time: afterwards the finding stands again, and is told as soon as it goes on."],
};

export function verdictButtons(found, session, refresh) {
  if (!session.decides) {
    const why = session.role !== "analyst" ? "You look on; an analyst decides." : "Verdicts go nowhere: start the console with --feedback FILE.";
    return h("p", { class: "note" }, why);
  }
  const button = (verdict, first) =>
    h("button", { type: "button", class: first ? "first" : null, "data-verdict": verdict, onclick: () => ask(verdict, found, refresh) },
      `${WORDS[verdict][0]}…`);
  return h("div", { class: "row", role: "group", "aria-label": "Verdict" }, button("confirm", true), button("dismiss"), button("suppress"));
}

function ask(verdict, found, refresh) {
  const [word, means] = WORDS[verdict];
  const reason = h("textarea", { id: "reason", rows: "3", maxlength: "2000", required: verdict !== "confirm" });
  const scope = h("select", { id: "scope" },
    h("option", { value: "ties" }, "what they share: the ties of this finding"),
    h("option", { value: "accounts" }, `the ${count(found.accounts_total)} accounts too, whatever they share`));
  const days = h("select", { id: "days" }, [["1", "1 day"], ["7", "7 days"], ["30", "30 days"], ["90", "90 days"], ["365", "1 year"]].map(([value, text]) => h("option", { value, selected: value === "7" }, text)));
  const error = h("p", { class: "error", role: "alert" });
  const field = (name, label, control) => h("label", { class: "field", for: name }, h("span", {}, label), control);
  const send = h("button", { type: "submit", class: "first" }, word);
  const form = h("form", { method: "dialog" },
    h("h2", { id: "asked" }, `${word} this finding`), h("p", { class: "note" }, means),
    field("reason", verdict === "confirm" ? "Why (may be left empty)" : "Why", reason),
    verdict === "suppress" ? [field("scope", "What is suppressed", scope), field("days", "For how long", days)] : null,
    error,
    h("div", { class: "row" }, h("button", { type: "button", onclick: () => dialog.close() }, "Cancel"), send));
  const dialog = h("dialog", { "aria-labelledby": "asked" }, form);
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    send.disabled = true;
    const said = { verdict, reason: reason.value, sequence: found.sequence };
    if (verdict === "suppress") Object.assign(said, { scope: scope.value, days: Number(days.value) });
    try {
      await decide(found.row.alert_id, said);
      dialog.close();
      put(document.getElementById("told"), `${word}: written.`);
      await refresh();
      document.querySelector(`[data-verdict="${verdict}"]`)?.focus();
    } catch (failure) {
      put(error, failure.message);
      send.disabled = false;
    }
  });
  dialog.addEventListener("close", () => dialog.remove());
  document.body.append(dialog);
  dialog.showModal();
  reason.focus();
}
