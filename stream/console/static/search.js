// What a text is found in: findings and accounts.
import { view } from "./api.js";
import { h, panel, put } from "./dom.js";
import { findingsTable } from "./findings.js";
import { many } from "./format.js";

export function searchPage(text) {
  const findings = panel("Findings"), accounts = panel("Accounts");
  const node = h("div", {}, h("div", { class: "title" }, h("h1", {}, `Search: ${text}`)), h("div", { class: "grid" }, findings.node, accounts.node));
  async function refresh() {
    const [found, names] = await Promise.all([view("findings", { text, most: 50 }), view("accounts", { text })]);
    put(findings.body, findingsTable(found, `${many(found.total, "finding")} with it in title, id, ties or accounts`));
    put(accounts.body, names.accounts.length
      ? h("ul", { class: "names" }, names.accounts.map((name) => h("li", {}, h("a", { href: `#/accounts/${encodeURIComponent(name)}` }, name))))
      : h("p", { class: "empty" }, "No account of that name in the traffic read."));
    if (names.accounts.length === 20) accounts.body.append(h("p", { class: "note" }, "The twenty shortest names; a longer text finds others."));
  }
  return { node, refresh, title: `Search: ${text}` };
}
