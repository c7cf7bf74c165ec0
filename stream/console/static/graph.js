// Ties on the left, accounts by which of them they have shown on the right.
import { drawn, h, put, s } from "./dom.js";
import { count, many } from "./format.js";
import { cut } from "./charts.js";

const ROW = 26, GAP = 6;

export function graph(found, open) {
  const readout = h("p", { class: "readout", "aria-live": "polite" });
  const picture = h("div");
  const redraw = drawn(picture, (width) => put(picture, draw(found, width, readout, open)));
  queueMicrotask(redraw);
  return h("figure", {}, picture, readout, h("figcaption", {}, caption(found)));
}

function draw(found, width, readout, open) {
  const left = Math.min(300, width * 0.44), right = Math.min(250, width * 0.34);
  const rows = Math.max(found.ties.length, found.groups.length);
  const height = rows * ROW + 4;
  const root = s("svg", { width, height, class: "graph", role: "group", "aria-label": "Ties and the accounts that show them" });
  const y = (place, of) => 2 + ((rows - of) * ROW) / 2 + place * ROW;
  const nodes = { ties: [], groups: [] }, edges = [];
  const most = Math.max(1, ...found.groups.map((group) => group.count));
  found.groups.forEach((group, at) => group.ties.forEach((tie) => {
    const from = y(tie, found.ties.length) + (ROW - GAP) / 2, to = y(at, found.groups.length) + (ROW - GAP) / 2;
    const middle = (left + width - right) / 2;
    const path = s("path", {
      class: "edge", "stroke-width": 1 + 5 * Math.sqrt(group.count / most),
      d: `M ${left} ${from} C ${middle} ${from}, ${middle} ${to}, ${width - right} ${to}`,
    });
    edges.push({ tie, group: at, path });
    root.append(path);
  }));
  const choose = (ties, groups, text) => {
    root.classList.toggle("chosen", text !== "");
    nodes.ties.forEach((node, at) => node.classList.toggle("on", ties.includes(at)));
    nodes.groups.forEach((node, at) => node.classList.toggle("on", groups.includes(at)));
    edges.forEach((edge) => edge.path.classList.toggle("on", ties.includes(edge.tie) && groups.includes(edge.group)));
    put(readout, text);
  };
  const live = (node, ties, groups, text) => {
    for (const event of ["mouseenter", "focus"]) node.addEventListener(event, () => choose(ties, groups, text));
    for (const event of ["mouseleave", "blur"]) node.addEventListener(event, () => choose([], [], ""));
    root.append(node);
    return node;
  };
  found.ties.forEach((tie, at) => {
    const text = tieWords(tie, found.known);
    const groups = found.groups.flatMap((group, place) => (group.ties.includes(at) ? [place] : []));
    const node = s("g", { class: "node tie", tabindex: "0", role: "img", "aria-label": text });
    node.append(
      s("rect", { x: 0, y: y(at, found.ties.length), width: left, height: ROW - GAP, rx: 4 }),
      s("text", { class: "kind", x: 8, y: y(at, found.ties.length) + 14 }, tie.kind),
      s("text", { x: 82, y: y(at, found.ties.length) + 14 }, cut(tie.value || tie.digest, Math.floor((left - 130) / 6.6))),
      s("text", { x: left - 8, y: y(at, found.ties.length) + 14, "text-anchor": "end" }, count(found.known ? tie.seen : tie.accounts)),
    );
    nodes.ties.push(live(node, [at], groups, text));
  });
  found.groups.forEach((group, at) => {
    const text = groupWords(group, found);
    const node = s("g", { class: "node group", tabindex: "0", role: group.count === 1 ? "link" : "img", "aria-label": text });
    const x = width - right, top = y(at, found.groups.length);
    node.append(
      s("rect", { x, y: top, width: right, height: ROW - GAP, rx: 4 }),
      s("rect", { class: "size", x, y: top, width: Math.max(4, right * Math.sqrt(group.count / most)), height: ROW - GAP, rx: 4 }),
      s("text", { x: x + 8, y: top + 14 }, group.count === 1 ? cut(group.names[0], Math.floor((right - 16) / 6.6)) : many(group.count, "account")),
    );
    if (group.count === 1) {
      node.addEventListener("click", () => open(group.names[0]));
      node.addEventListener("keydown", (event) => event.key === "Enter" && open(group.names[0]));
    }
    nodes.groups.push(live(node, group.ties, [at], text));
  });
  return root;
}

const tieWords = (tie, known) =>
  `${tie.kind} ${tie.value || tie.digest}: ${many(tie.accounts, "account")} by the alert` +
  (known ? `, ${many(tie.seen, "named account")} in the traffic read` : "");

function groupWords(group, found) {
  const names = group.names.join(", ") + (group.count > group.names.length ? " …" : "");
  return `${many(group.count, "account")} with ${many(group.ties.length, "tie")}${found.known ? "" : " among them"}: ${names}`;
}

function caption(found) {
  if (!found.known) return "Which account showed which tie is not known: alerts do not say, and the traffic that was read shows none of them under the present key.";
  const left = [];
  if (found.ties_left) left.push(many(found.ties_left, "further tie"));
  if (found.groups_left) left.push(`${many(found.groups_left, "further combination")} of ties with ${many(found.accounts_left, "account")}`);
  if (found.nothing) left.push(`${many(found.nothing, "named account")} that showed none of these ties in the traffic read`);
  const shown = "Left: what is shared, and how many named accounts showed it. Right: accounts that showed the same ties.";
  return left.length ? `${shown} Left out: ${left.join("; ")}.` : shown;
}
