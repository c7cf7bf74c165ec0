// The accounts of a finding: searched, sorted and paged by the server.
import { exportLink, view } from "./api.js";
import { h, panel, put } from "./dom.js";
import { compact, count, many, percent, time } from "./format.js";

const PAGE = 25;
const COLUMNS = [
  ["account", "Account", false], ["named", "Named", false], ["ties", "Ties", true], ["requests", "Requests", true],
  ["tokens", "Tokens", true], ["refused", "Refused", true], ["first", "First request", false],
  ["last", "Last request", false], ["plan", "Plan", false], ["status", "Status", false], ["score", "Own score", true],
];

export function membersPanel(id) {
  const state = { text: "", sort: "requests", down: true, start: 0 };
  const search = h("input", { type: "search", id: "member-text", placeholder: "Part of a name", autocomplete: "off", spellcheck: "false" });
  const { node, body } = panel("Accounts", { id: "members" });
  const table = h("div", { class: "scroll" }), foot = h("div", { class: "tools" });
  body.append(
    h("div", { class: "tools" }, h("label", { for: "member-text", class: "hidden" }, "Search accounts of this finding"), search,
      h("a", { class: "button push", href: exportLink(id), download: true }, "Export CSV")),
    table, foot,
  );
  let asked = 0;
  async function refresh() {
    asked += 1;
    const turn = asked;
    const found = await view("members", { id, text: state.text, sort: state.sort, down: state.down ? 1 : 0, start: state.start, most: PAGE });
    if (turn === asked) show(found);
  }
  function show(found) {
    put(table, h("table", {},
      h("caption", {}, `${many(found.total, "account")}${state.text ? ` with “${state.text}”` : ""}; figures are of the traffic that was read`),
      h("thead", {}, h("tr", {}, COLUMNS.map(heading))),
      h("tbody", {}, found.rows.map(row)),
    ));
    const last = Math.min(state.start + PAGE, found.total);
    put(foot,
      h("span", { class: "note" }, found.total ? `${count(state.start + 1)} to ${count(last)} of ${count(found.total)}` : "No account of that name"),
      h("button", { type: "button", class: "push", disabled: state.start === 0, onclick: () => turn(-PAGE) }, "Previous"),
      h("button", { type: "button", disabled: last >= found.total, onclick: () => turn(PAGE) }, "Next"),
    );
  }
  const turn = (by) => { state.start = Math.max(0, state.start + by); refresh(); };
  function heading([name, title, number]) {
    const sorted = state.sort === name;
    const button = h("button", { type: "button", onclick: () => sort(name) }, title, sorted ? (state.down ? " ↓" : " ↑") : "");
    return h("th", { scope: "col", class: number ? "number" : null, "aria-sort": sorted ? (state.down ? "descending" : "ascending") : null }, button);
  }
  async function sort(name) {
    state.down = state.sort === name ? !state.down : name !== "account";
    state.sort = name;
    state.start = 0;
    await refresh();
    [...table.querySelectorAll("th button")][COLUMNS.findIndex(([one]) => one === name)].focus();
  }
  let waiting = 0;
  search.addEventListener("input", () => {
    clearTimeout(waiting);
    waiting = setTimeout(() => { state.text = search.value.trim(); state.start = 0; refresh(); }, 150);
  });
  return { node, refresh };
}

function row(one) {
  return h("tr", {},
    h("th", { scope: "row", class: "names" }, h("a", { href: `#/accounts/${encodeURIComponent(one.account)}` }, one.account)),
    h("td", {}, time(one.named)),
    h("td", { class: "number" }, count(one.ties)),
    h("td", { class: "number" }, count(one.requests)),
    h("td", { class: "number" }, one.tokens === null ? "–" : compact(one.tokens)),
    h("td", { class: "number" }, one.requests ? percent(one.refused / one.requests) : "–"),
    h("td", {}, time(one.first)),
    h("td", {}, time(one.last)),
    h("td", {}, one.plan || "–"),
    h("td", {}, one.status || "–"),
    h("td", { class: "number" }, one.score === null ? "–" : one.score.toFixed(4)),
  );
}
