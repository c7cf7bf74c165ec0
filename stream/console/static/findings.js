// Findings as a table.
import { badge, h } from "./dom.js";
import { count, many, percent, time } from "./format.js";

const VERDICTS = { confirm: ["bad", "confirmed"], dismiss: ["good", "dismissed"], suppress: ["good", "suppressed"] };

export function standing(row) {
  const [kind, word] = VERDICTS[row.verdict] || [];
  const told = row.status === "dismissed" ? "closed" : row.status;
  return [badge("plain", told), word ? badge(kind, word) : row.status === "dismissed" ? badge("good", "dismissed") : null];
}

export function findingsTable(found, caption) {
  if (!found.rows.length) return h("p", { class: "empty" }, "No finding.");
  return h("div", { class: "scroll" }, h("table", {},
    h("caption", {}, caption || many(found.total, "finding")),
    h("thead", {}, h("tr", {},
      ["Severity", "Finding", "Stands"].map((title) => h("th", { scope: "col" }, title)),
      ["Accounts", "Requests"].map((title) => h("th", { scope: "col", class: "number" }, title)),
      ["Raised", "Last seen", "Advice"].map((title) => h("th", { scope: "col" }, title)),
      h("th", { scope: "col", class: "number", title: "Share of findings as strong as this that are false" }, "May be false"))),
    h("tbody", {}, found.rows.map((row) => h("tr", {},
      h("td", {}, badge(row.severity, row.severity)),
      h("th", { scope: "row" }, h("a", { href: `#/findings/${encodeURIComponent(row.alert_id)}` }, row.title)),
      h("td", {}, h("span", { class: "row" }, standing(row))),
      h("td", { class: "number" }, count(row.accounts)),
      h("td", { class: "number" }, count(row.requests)),
      h("td", {}, time(row.raised)),
      h("td", {}, time(row.last_seen)),
      h("td", {}, row.action),
      h("td", { class: "number" }, percent(row.q_value)))))));
}

// The same in a narrow place.
export function findingsList(rows) {
  if (!rows.length) return h("p", { class: "empty" }, "No finding.");
  return h("ul", { class: "plainly" }, rows.map((row) => h("li", { class: "row" },
    badge(row.severity, row.severity),
    h("a", { href: `#/findings/${encodeURIComponent(row.alert_id)}` }, row.title),
    standing(row),
    h("span", { class: "note" }, `raised ${time(row.raised)}`))));
}
