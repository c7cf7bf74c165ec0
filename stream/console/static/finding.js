// The page of a finding: is it real?
import { session, view } from "./api.js";
import { badge, h, panel, put } from "./dom.js";
import { standing } from "./findings.js";
import { compact, count, figure, many, percent, time } from "./format.js";
import { graph } from "./graph.js";
import { heatmap, scaleKey } from "./heatmap.js";
import { membersPanel } from "./members.js";
import { verdictButtons } from "./verdict.js";

const openAccount = (name) => { location.hash = `#/accounts/${encodeURIComponent(name)}`; };

export function findingPage(id) {
  const head = h("div", { class: "title" });
  const why = panel("Why", { class: "wide" }), ties = panel("What holds it together", { class: "narrow" });
  const activity = panel("Activity", { id: "activity" }), members = membersPanel(id);
  const guides = panel("Could it be harmless?", { class: "half" }), life = panel("Its life", { class: "half" });
  const node = h("div", {}, head, h("div", { class: "grid" }, why.node, ties.node, activity.node, members.node, guides.node, life.node));
  const page = { node, refresh, title: "Finding" };

  async function refresh() {
    const [found, holds, heat] = await Promise.all([
      view("finding", { id }), view("graph", { id }), view("heat", { id }), members.refresh(),
    ]);
    page.title = found.row.title;
    put(head, ...heading(found, refresh));
    put(why.body, evidence(found.explanation.evidence));
    put(ties.body, graph(holds, openAccount));
    put(activity.body, ...map(heat));
    const open = new Set([...guides.body.querySelectorAll("details[open]")].map((one) => one.dataset.signal));
    put(guides.body, looksAlike(found.explanation.guides, open));
    put(life.body, ...lived(found));
  }
  return page;
}

function heading(found, refresh) {
  const { row, explanation, leak } = found;
  const facts = [
    ["Accounts", count(found.accounts_total)], ["Requests", count(row.requests)],
    ["Active", `${time(row.first_seen)} to ${time(row.last_seen)}`], ["Raised", time(row.raised)],
    ["May be false", percent(row.q_value)],
    ["Before they were named", found.traffic_known ? `${compact(leak.requests_before)} requests, ${compact(leak.tokens_before)} tokens` : "traffic not read"],
    ["Since", found.traffic_known ? `${compact(leak.requests_after)} requests` : "–"],
  ];
  return [
    h("div", {},
      h("p", { class: "crumbs" }, h("a", { href: "#/" }, "Findings"), " / ", h("span", { class: "mono" }, row.alert_id)),
      h("h1", {}, row.title),
      h("p", { class: "row" }, badge(row.severity, row.severity), standing(row)),
      h("p", { class: "advice" }, h("strong", {}, explanation.response.action), ` – ${explanation.response.reason}`),
    ),
    verdictButtons(found, session, refresh),
    h("dl", { class: "figures" }, facts.map(([name, value]) => h("div", {}, h("dt", {}, name), h("dd", {}, value)))),
  ];
}

function evidence(pieces) {
  const heaviest = Math.max(1e-9, ...pieces.map((one) => Math.abs(one.weight)));
  return h("table", { class: "evidence" },
    h("caption", {}, "Evidence, the strongest first; weight is in log odds"),
    h("thead", {}, h("tr", {}, h("th", { scope: "col" }, "What was seen"), h("th", { scope: "col", class: "number" }, "Value"),
      h("th", { scope: "col", class: "number" }, "Usual"), h("th", { scope: "col" }, "Weight"))),
    h("tbody", {}, pieces.map((one) => h("tr", {},
      h("th", { scope: "row" }, h("span", { class: "words" }, one.text), h("br"), h("span", { class: "signal" }, one.signal)),
      h("td", { class: "number" }, figure(one.value)),
      h("td", { class: "number" }, figure(one.baseline)),
      h("td", { class: "weight" }, h("span", { class: `bar${one.weight < 0 ? " against" : ""}`, "width%": (60 * Math.abs(one.weight)) / heaviest }), ` ${one.weight.toFixed(2)}`)))));
}

function map(heat) {
  const grouped = heat.lines.some((line) => line.count > 1);
  const notes = ["Accounts from top to bottom in the order of their first request; the line in each row is when it was named, the dashed one when the finding was raised. UTC."];
  if (grouped) notes.push(`Each row stands for up to ${count(Math.max(...heat.lines.map((line) => line.count)))} accounts; its shade is their mean.`);
  if (heat.silent) notes.push(`${many(heat.silent, "named account")} without a request in the traffic read left out.`);
  return [heatmap(heat, openAccount), h("div", { class: "row" }, scaleKey(heat)), h("p", { class: "note" }, notes.join(" "))];
}

function looksAlike(guides, open) {
  if (!guides.length) return h("p", { class: "empty" }, "No guide for these signals.");
  return guides.map((guide, at) => h("details", { "data-signal": guide.signal, open: open.size ? open.has(guide.signal) : at === 0 },
    h("summary", {}, guide.title), h("p", {}, guide.about),
    h("h3", {}, "Honest traffic that shows the same"), h("ul", {}, guide.lookalikes.map((text) => h("li", {}, text))),
    h("h3", {}, "What to check"), h("ul", {}, guide.runbook.map((text) => h("li", {}, text)))));
}

function lived({ explanation, said }) {
  const steps = h("table", {},
    h("caption", {}, "What its alert events said"),
    h("thead", {}, h("tr", {}, ["Time", "Event", "Severity"].map((text) => h("th", { scope: "col" }, text)),
      ["New", "Accounts", "Requests"].map((text) => h("th", { scope: "col", class: "number" }, text)), h("th", { scope: "col" }, "Advice"))),
    h("tbody", {}, explanation.life.slice(-40).map((one) => h("tr", {},
      h("td", {}, time(one.time)), h("td", {}, one.activity), h("td", {}, badge(one.severity, one.severity)),
      h("td", { class: "number" }, count(one.new_accounts)), h("td", { class: "number" }, count(one.accounts_total)),
      h("td", { class: "number" }, count(one.requests)), h("td", {}, one.action)))));
  const parts = [said.length ? verdicts(said) : h("p", { class: "note" }, "Nobody has said anything of it yet."), h("div", { class: "scroll" }, steps)];
  if (explanation.life.length > 40) parts.push(h("p", { class: "note" }, `The last 40 of ${count(explanation.life.length)} events.`));
  parts.push(details("Requests to look up", explanation.examples.slice(0, 20).map((one) => h("li", {}, h("span", { class: "mono" }, one.id), ` ${time(one.time)} `, h("a", { href: `#/accounts/${encodeURIComponent(one.account)}` }, one.account)))));
  parts.push(details("Techniques (MITRE ATLAS) and references", [...explanation.techniques.map((one) => h("li", {}, `${one.id} ${one.name}`)), ...explanation.references.map((one) => h("li", {}, one))]));
  return parts;
}

const details = (title, items) => (items.length ? h("details", {}, h("summary", {}, title), h("ul", {}, items)) : null);

function verdicts(said) {
  return h("table", {}, h("caption", {}, "What people said of it, the latest first"),
    h("thead", {}, h("tr", {}, ["Verdict", "By", "Holds from", "Until", "Why"].map((text) => h("th", { scope: "col" }, text)))),
    h("tbody", {}, said.map((one) => h("tr", {},
      h("td", {}, one.verdict, one.scope ? ` (${one.scope})` : "", one.effective ? "" : h("span", { class: "note" }, " – not heard by the detector yet")),
      h("td", {}, one.by || "–"), h("td", {}, time(one.time)), h("td", {}, one.expires ? time(one.expires) : "–"), h("td", { class: "names" }, one.reason || "–")))));
}
