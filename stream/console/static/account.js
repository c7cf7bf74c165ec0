// The page of an account: what it does, beside its cohort.
import { view } from "./api.js";
import { columns, range } from "./charts.js";
import { badge, h, panel, put } from "./dom.js";
import { findingsTable } from "./findings.js";
import { count, figure, inUnit, many, percent, time } from "./format.js";

export function accountPage(name) {
  const head = h("div", { class: "title" });
  const over = panel("Requests over time"), figures = panel("What it does, beside its cohort", { class: "wide" });
  const findings = panel("Findings that name it"), score = panel("Its own score");
  const node = h("div", {}, head, h("div", { class: "grid" }, figures.node, h("div", { class: "narrow stack" }, over.node, score.node), findings.node));

  async function refresh() {
    const found = await view("account", { name });
    put(head, ...heading(found));
    const flow = [{ name: "requests", fill: "traffic", values: found.requests }];
    put(over.body, found.requests.length
      ? columns({ start: found.start, step: found.step }, flow, 150, `Requests of the account over time: ${many(found.requests.reduce((sum, one) => sum + one, 0), "request")}`)
      : h("p", { class: "empty" }, "The traffic that was read has nothing of this account."));
    put(figures.body, ...compared(found));
    put(findings.body, findingsTable({ rows: found.findings, total: found.findings.length }));
    score.node.hidden = !found.score;
    if (found.score) put(score.body, ...scored(found.score, found.score_time));
  }
  return { node, refresh, title: name };
}

function heading(found) {
  const facts = [
    ["Plan", found.facts?.plan || found.plan], ["Status", found.facts?.status || "not known"], ["Organisation", found.facts?.org || "–"],
    ["Signed up", time(found.created)], ["First request", time(found.first)], ["Last request", time(found.last)],
  ];
  return [
    h("div", {}, h("p", { class: "crumbs" }, "Account"), h("h1", {}, found.account),
      found.findings.length ? h("p", { class: "row" }, badge("bad", `named by ${many(found.findings.length, "finding")}`)) : h("p", { class: "row" }, badge("plain", "named by no finding"))),
    h("dl", { class: "figures" }, facts.map(([name, value]) => h("div", {}, h("dt", {}, name), h("dd", {}, value)))),
  ];
}

function compared(found) {
  if (!found.known) return [h("p", { class: "empty" }, "Nothing is known of it beyond the alerts.")];
  return [h("div", { class: "scroll" }, h("table", {},
    h("caption", {}, `Beside ${count(found.cohort_size)} ${found.cohort}. Band: from a tenth to nine tenths of them; tick: their half; dot: this account. Distinct values are estimates.`),
    h("thead", {}, h("tr", {}, h("th", { scope: "col" }, "Figure"), h("th", { scope: "col", class: "number" }, "This account"),
      h("th", { scope: "col" }, "In its cohort"), h("th", { scope: "col", class: "number" }, "Usual"), h("th", { scope: "col", class: "number" }, "Below it"))),
    h("tbody", {}, found.figures.map((one) => h("tr", {},
      h("th", { scope: "row" }, one.name),
      h("td", { class: "number" }, inUnit(one.unit, one.value)),
      h("td", { class: "middle" }, range(one)),
      h("td", { class: "number" }, inUnit(one.unit, one.middle)),
      h("td", { class: "number" }, percent(one.below)))))))];
}

function scored(score, at) {
  return [
    h("p", {}, `Odder than ${percent(score.score)} of ordinary accounts at ${time(at)}, with ${many(score.requests, "request")} then.`),
    h("ul", {}, score.evidence.map((one) => h("li", {}, `${one.text} (${figure(one.value)}, usual ${figure(one.baseline)})`))),
  ];
}
