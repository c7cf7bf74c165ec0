// Small charts as SVG. Each says in words what it shows; each mark has its figures as a title.
import { drawn, h, put, s } from "./dom.js";
import { axis, count, figure, inUnit, moment, percent } from "./format.js";

const LEFT = 46, BOTTOM = 20, TOP = 6;

// Stacked columns over time. `series`: [{name, fill, values}], the first at the bottom.
export function columns(time, series, height, summary) {
  const node = h("figure");
  const redraw = drawn(node, (width) => put(node, plot(time, series, height, width, summary)));
  queueMicrotask(redraw);
  return node;
}

function plot({ start, step }, series, height, width, summary) {
  const number = series[0].values.length;
  const sums = series[0].values.map((_, at) => series.reduce((sum, one) => sum + one.values[at], 0));
  const top = nice(Math.max(1, ...sums));
  const inner = width - LEFT - 4, wide = inner / Math.max(number, 1);
  const y = (value) => TOP + (height - TOP - BOTTOM) * (1 - value / top);
  const root = s("svg", { width, height, role: "img", "aria-label": summary });
  for (const value of [0, top / 2, top].filter(Number.isInteger)) {
    root.append(s("line", { class: "axis", x1: LEFT, x2: width, y1: y(value), y2: y(value) }));
    root.append(s("text", { x: LEFT - 6, y: y(value) + 4, "text-anchor": "end" }, figure(value)));
  }
  for (let at = 0; at < number; at += 1) {
    if (!sums[at]) continue;
    const group = s("g", {}, s("title", {}, told(start + at * step, series, at)));
    let base = 0;
    for (const one of series) {
      const value = one.values[at];
      if (!value) continue;
      const tall = Math.max(y(base) - y(base + value), 1);
      group.append(s("rect", {
        class: `fill-${one.fill}`, x: LEFT + at * wide, width: Math.max(wide - (wide > 4 ? 1 : 0), 1),
        y: y(base) - tall, height: tall,
      }));
      base += value;
    }
    root.append(group);
  }
  timeAxis(root, start, step, number, LEFT, wide, height - 5);
  return root;
}

const told = (at, series, place) =>
  [`${moment(at)} UTC`, ...series.map((one) => `${one.name}: ${count(one.values[place])}`)].join("\n");

export function timeAxis(root, start, step, number, left, wide, y) {
  const room = Math.max(1, Math.floor((number * wide) / 120));
  const every = Math.max(1, Math.ceil(number / room));
  for (let at = 0; at < number; at += every) {
    const x = left + at * wide;
    if (x + 70 > left + number * wide && at > 0) break;
    root.append(s("text", { x, y }, axis(start + at * step, step)));
  }
}

function nice(value) {
  const size = 10 ** Math.floor(Math.log10(value));
  return [1, 1.2, 1.6, 2, 2.4, 3, 4, 5, 6, 8, 10].map((one) => one * size).find((one) => one >= value);
}

export const legend = (series) =>
  h("ul", { class: "legend" }, series.map((one) =>
    h("li", {}, h("span", { class: `swatch fill-${one.fill}` }), one.title || one.name)));

// One row of cells a series, darker for more: when which evidence weighed.
export function strips(time, series, most) {
  const node = h("div");
  const shown = series.slice(0, most), top = Math.max(1e-9, ...shown.flatMap((one) => one.values));
  const height = 20;
  const redraw = drawn(node, (width) => {
    const pad = Math.min(430, width * 0.36), wide = (width - pad - 4) / Math.max(time.columns, 1);
    const root = s("svg", {
      width, height: shown.length * height + 22, role: "img",
      "aria-label": `Weight of the evidence of alerts over time, by signal: ${shown.map((one) => one.title).join("; ")}`,
    });
    shown.forEach((one, row) => {
      root.append(s("text", { class: "strong", x: 0, y: row * height + 14 }, cut(one.title, Math.floor(pad / 6.4)), s("title", {}, one.title)));
      root.append(s("rect", { class: "fill-raised", x: pad, y: row * height + 2, width: wide * time.columns, height: height - 4 }));
      one.values.forEach((value, at) => {
        if (!value) return;
        root.append(s("rect", {
          class: "fill-heat", x: pad + at * wide, y: row * height + 2, width: Math.max(wide - (wide > 5 ? 1 : 0), 3), height: height - 4,
          "fill-opacity": 0.3 + 0.7 * Math.sqrt(value / top),
        }, s("title", {}, `${moment(time.start + at * time.step)} UTC\n${one.title}: weight ${figure(value)}`)));
      });
    });
    timeAxis(root, time.start, time.step, time.columns, pad, wide, shown.length * height + 15);
    put(node, root);
  });
  queueMicrotask(redraw);
  return node;
}

export const cut = (text, most) => (text.length > most ? `${text.slice(0, most - 1)}…` : text);

// An account's figure on the range of its cohort: band from a tenth to nine tenths, tick at the half.
export function range(one) {
  const wide = 130, height = 20;
  const scale = one.unit === "share" ? (value) => value : (value) => Math.log1p(Math.max(value, 0));
  const values = [one.low, one.high, one.middle, one.value ?? 0].map(scale);
  const top = one.unit === "share" ? 1 : Math.max(...values) * 1.08 || 1;
  const x = (value) => 6 + ((wide - 12) * scale(value)) / top;
  const root = s("svg", { width: wide, height, viewBox: `0 0 ${wide} ${height}`, role: "img", "aria-label": words(one) }, s("title", {}, words(one)));
  root.append(s("line", { class: "axis", x1: 6, x2: wide - 6, y1: 10, y2: 10 }));
  root.append(s("rect", { class: "band", x: x(one.low), y: 5, width: Math.max(x(one.high) - x(one.low), 2), height: 10, rx: 3 }));
  root.append(s("line", { class: "tick", x1: x(one.middle), x2: x(one.middle), y1: 3, y2: 17 }));
  if (one.value !== null) root.append(s("circle", { class: "fill-mark", cx: x(one.value), cy: 10, r: 5 }));
  return root;
}

// A rank among comparable accounts: a bar from the middle to where it lies.
export function ranked({ rank, words }) {
  const wide = 150, height = 14, x = (share) => 5 + (wide - 10) * share;
  const said = `Rank ${percent(rank)}: ${words}`;
  const root = s("svg", { width: wide, height, viewBox: `0 0 ${wide} ${height}`, role: "img", "aria-label": said }, s("title", {}, said));
  root.append(s("rect", { class: "fill-raised", x: 5, y: 4, width: wide - 10, height: 6, rx: 3 }));
  root.append(s("rect", { class: "fill-mark", x: x(Math.min(rank, 0.5)), y: 4, width: Math.max(x(Math.abs(rank - 0.5)) - 5, 1), height: 6 }));
  root.append(s("line", { class: "tick", x1: x(0.5), x2: x(0.5), y1: 1, y2: 13 }));
  root.append(s("circle", { class: "fill-mark", cx: x(rank), cy: 7, r: 4 }));
  return root;
}

const words = (one) =>
  `${one.name}: ${inUnit(one.unit, one.value)}; cohort: a tenth at most ${inUnit(one.unit, one.low)}, ` +
  `a half at most ${inUnit(one.unit, one.middle)}, nine tenths at most ${inUnit(one.unit, one.high)}`;
