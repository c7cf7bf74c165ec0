// The first page: what needs a decision, and how things went.
import { view } from "./api.js";
import { columns, legend, strips } from "./charts.js";
import { h, panel, put } from "./dom.js";
import { findingsTable } from "./findings.js";
import { compact, count, figure, many, percent, span } from "./format.js";

const PAGE = 25;
const SEVERITIES = ["low", "medium", "high", "critical"];

export function overviewPage() {
  const tiles = h("dl", { class: "tiles" });
  const status = h("select", { id: "finding-status" },
    [["", "all"], ["open", "open"], ["closed", "closed"], ["dismissed", "dismissed"]].map(([value, text]) => h("option", { value }, text)));
  const findings = panel("Findings", {}, h("span", { class: "push row" }, h("label", { for: "finding-status", class: "note" }, "Show"), status));
  const traffic = panel("Traffic", { class: "half" }), alerts = panel("Alert events", { class: "half" });
  const evidence = panel("Evidence over time"), page = { start: 0 };
  const node = h("div", {}, h("h1", { class: "hidden" }, "Overview"), tiles,
    h("div", { class: "grid" }, findings.node, traffic.node, alerts.node, evidence.node));
  status.addEventListener("change", () => { page.start = 0; refreshFindings(); });

  async function refreshFindings() {
    const found = await view("findings", { status: status.value, start: page.start, most: PAGE });
    const last = Math.min(page.start + PAGE, found.total);
    const turn = (by) => { page.start += by; refreshFindings(); };
    put(findings.body, findingsTable(found, found.total > 1 ? `${many(found.total, "finding")}, open ones first, by severity` : many(found.total, "finding")), found.total > PAGE ? h("div", { class: "tools" },
      h("span", { class: "note" }, `${count(page.start + 1)} to ${count(last)} of ${count(found.total)}`),
      h("button", { type: "button", class: "push", disabled: page.start === 0, onclick: () => turn(-PAGE) }, "Previous"),
      h("button", { type: "button", disabled: last >= found.total, onclick: () => turn(PAGE) }, "Next")) : null);
  }

  async function refresh() {
    const [found] = await Promise.all([view("overview"), refreshFindings()]);
    const time = { start: found.start, step: found.step, columns: found.requests.length };
    put(tiles, tilesOf(found));
    const flows = [
      { name: "refused", title: "refused", fill: "refused", values: found.refused },
      { name: "answered", title: "not refused", fill: "traffic", values: found.requests.map((all, at) => all - found.refused[at]) },
    ];
    put(traffic.body, time.columns ? [columns(time, flows, 170, `Requests over time: ${count(found.totals.requests)} in all`), legend(flows), columnsOf(found.step)] : nothing());
    const bySeverity = Object.fromEntries(found.alerts.map((one) => [one.name, one]));
    const raised = SEVERITIES.map((name) => ({ ...bySeverity[name], fill: name }));
    put(alerts.body, time.columns ? [columns(time, raised, 170, "Alert events over time by severity"), legend([...raised].reverse()), columnsOf(found.step)] : nothing());
    put(evidence.body, found.evidence.length ? [strips(time, found.evidence, 12),
      h("p", { class: "note" }, `The stronger a mark, the more the signal weighed in the alerts of that time (log odds, added up). Columns of ${span(found.step)}, UTC.`)] : nothing());
  }
  return { node, refresh, title: "Overview" };
}

const columnsOf = (step) => h("p", { class: "note" }, `Columns of ${span(step)}, UTC.`);
const nothing = () => h("p", { class: "empty" }, "Nothing yet.");

const tile = (title, value, more, extra) =>
  h("div", { class: "tile" }, h("dt", {}, title), h("dd", { class: "value" }, value), h("dd", { class: "more" }, more, extra));

function tilesOf({ totals, leak, budget }) {
  const used = budget.allowed ? budget.dismissed / budget.allowed : 0;
  const share = totals.requests ? leak.requests_before / totals.requests : null;
  const gauge = h("div", { class: "gauge", "aria-hidden": "true" }, h("span", { class: used > 1 ? "over" : null, "width%": Math.min(100, used * 100) }));
  return [
    tile("Open findings", count(totals.open), `${count(totals.closed)} closed, ${count(totals.dismissed)} dismissed`),
    tile("Accounts named", count(totals.named), `of ${count(totals.accounts)} in the traffic read`),
    tile("Requests seen", compact(totals.requests), `in ${span(budget.days * 86_400)}`),
    tile("Leaked so far", compact(leak.requests_before), `requests before their accounts were named, ${compact(leak.tokens_before)} tokens${share === null ? "" : `, ${percent(share)} of traffic`}; ${compact(leak.requests_after)} requests since`),
    tile("Budget used", `${count(budget.dismissed)} of ${figure(Math.round(budget.allowed * 100) / 100)}`,
      `false alerts, by dismissal; ${figure(budget.per_day)} a day and ${figure(budget.per_million)} a million requests are allowed. ${count(budget.raised)} raised, ${count(budget.confirmed)} confirmed`, gauge),
  ];
}
