// The page of an account: what it does, beside its cohort.
import { view } from "./api.js";
import { columns, range, ranked } from "./charts.js";
import { badge, h, panel, put } from "./dom.js";
import { findingsList } from "./findings.js";
import { count, inUnit, many, percent, span, time } from "./format.js";

const FIRST = 18;

export function accountPage(name) {
  const head = h("div", { class: "title" });
  const stands = panel("How the detector sees it", { class: "wide", id: "stands" }), over = panel("Requests over time");
  const score = panel("Its own score"), figures = panel("What it does, beside its cohort"), findings = panel("Findings that name it");
  const node = h("div", {}, head, h("div", { class: "grid" },
    stands.node, h("div", { class: "narrow stack" }, score.node, over.node, findings.node, figures.node)));

  async function refresh() {
    const found = await view("account", { name });
    put(head, ...heading(found));
    const flow = [{ name: "requests", fill: "traffic", values: found.requests }];
    put(over.body, found.requests.length
      ? [columns({ start: found.start, step: found.step }, flow, 150, `Requests of the account over time: ${many(found.requests.reduce((sum, one) => sum + one, 0), "request")}`),
        h("p", { class: "note" }, `Columns of ${span(found.step)}, UTC.`)]
      : h("p", { class: "empty" }, "The traffic that was read has nothing of this account."));
    put(figures.body, ...compared(found));
    const open = stands.body.querySelector("details")?.open;
    put(stands.body, ...standing(found, open));
    put(findings.body, findingsList(found.findings));
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
    h("thead", {}, h("tr", {}, h("th", { scope: "col" }, "Figure"), h("th", { scope: "col", class: "number" }, "Account"),
      h("th", { scope: "col" }, "Cohort"), h("th", { scope: "col", class: "number" }, "Usual"), h("th", { scope: "col", class: "number" }, "Below it"))),
    h("tbody", {}, found.figures.map((one) => h("tr", {},
      h("th", { scope: "row" }, one.name),
      h("td", { class: "number" }, inUnit(one.unit, one.value)),
      h("td", { class: "middle" }, range(one)),
      h("td", { class: "number" }, inUnit(one.unit, one.middle)),
      h("td", { class: "number" }, percent(one.below)))))))];
}

function standing({ standing: seen, cohort }, open) {
  if (!seen.stands.length) return [h("p", { class: "empty" }, "It has no score yet: that takes a baseline, and some requests.")];
  if (!seen.whole) return [standsTable(seen.stands, `At ${time(seen.time)}: the features in which it lies furthest out, as its score tells. Usual: the median of all accounts.`)];
  const first = seen.stands.slice(0, FIRST), rest = seen.stands.slice(FIRST);
  return [
    standsTable(first, `At ${time(seen.time)}. Usual: the median of ${count(seen.compared)} ${cohort}. Rank: how many comparable accounts it lies above, or below. Values are of late, and rounded.`),
    h("details", { open }, h("summary", {}, `${many(rest.length, "feature")} nearer the middle`), standsTable(rest, "As above")),
  ];
}

function standsTable(stands, caption) {
  return h("div", { class: "scroll" }, h("table", { class: "evidence" },
    h("caption", {}, caption),
    h("thead", {}, h("tr", {}, h("th", { scope: "col" }, "Feature and signal"), h("th", { scope: "col", class: "number" }, "This account"),
      h("th", { scope: "col", class: "number" }, "Usual"), h("th", { scope: "col", colspan: 2 }, "Rank"))),
    h("tbody", {}, stands.map((one) => h("tr", {},
      h("th", { scope: "row" }, h("span", { class: "words" }, one.name), h("br"), h("span", { class: "signal" }, one.signal)),
      h("td", { class: "number" }, inUnit(one.unit, one.value)),
      h("td", { class: "number" }, inUnit(one.unit, one.usual)),
      h("td", { class: "rank" }, ranked(one)),
      h("td", { class: "placed" }, placed(one)))))));
}

const placed = ({ rank }) => (rank > 0.5 ? `above ${percent(rank)}` : `below ${percent(1 - rank)}`);

function scored(score, at) {
  return [
    h("p", {}, `Odder than ${percent(score.score)} of ordinary accounts at ${time(at)}, with ${many(score.requests, "request")} then.`),
    h("p", { class: "note" }, "For information: no alert rests on the score of one account."),
  ];
}
