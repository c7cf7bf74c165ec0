// Accounts by time on a canvas, with a cursor for mouse and arrow keys.
import { colour, drawn, h, put } from "./dom.js";
import { axis, count, many, moment, span } from "./format.js";

const LABELS_UP_TO = 60, LABEL = 190, FOOT = 20;

export function heatmap(heat, open) {
  if (!heat.lines.length) return h("p", { class: "empty" }, "The traffic that was read has nothing of these accounts.");
  const canvas = h("canvas", { tabindex: "0", role: "img", "aria-label": summary(heat) });
  const readout = h("p", { class: "readout", "aria-live": "polite" }, "Point at a cell, or use the arrow keys; Enter opens the account.");
  const node = h("div", { class: "heat" }, canvas, readout);
  const cursor = { row: -1, column: -1 };
  const labelled = heat.lines.length <= LABELS_UP_TO;
  const left = labelled ? LABEL : 0;
  const tall = Math.max(1, Math.min(16, Math.floor((labelled ? 720 : 560) / heat.lines.length)));
  const height = heat.lines.length * tall;
  const redraw = drawn(node, (width) => paint(canvas, heat, { width, left, tall, height, cursor, labelled }));

  const move = (row, column) => {
    cursor.row = Math.max(0, Math.min(heat.lines.length - 1, row));
    cursor.column = Math.max(0, Math.min(heat.columns - 1, column));
    put(readout, said(heat, cursor));
    redraw();
  };
  canvas.addEventListener("mousemove", (event) => {
    const wide = (canvas.clientWidth - left) / heat.columns;
    const row = Math.floor(event.offsetY / tall), column = Math.floor((event.offsetX - left) / wide);
    if (row < heat.lines.length && column >= 0) move(row, column);
  });
  canvas.addEventListener("click", () => cursor.row >= 0 && open(heat.lines[cursor.row].accounts[0]));
  canvas.addEventListener("keydown", (event) => {
    const steps = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };
    if (event.key === "Enter" && cursor.row >= 0) open(heat.lines[cursor.row].accounts[0]);
    if (!(event.key in steps)) return;
    event.preventDefault();
    move(cursor.row + steps[event.key][0], cursor.column + steps[event.key][1]);
  });
  queueMicrotask(redraw);
  return node;
}

function paint(canvas, heat, { width, left, tall, height, cursor, labelled }) {
  const ratio = devicePixelRatio || 1;
  canvas.width = width * ratio;
  canvas.height = (height + FOOT) * ratio;
  canvas.style.height = `${height + FOOT}px`;
  const context = canvas.getContext("2d");
  context.scale(ratio, ratio);
  const wide = (width - left) / heat.columns, gap = tall > 5 ? 1 : 0;
  const shades = scale();
  context.fillStyle = colour("raised");
  context.fillRect(left, 0, width - left, height);
  heat.lines.forEach((line, row) => {
    for (let column = 0; column < heat.columns; column += 1) {
      const level = line.levels.charCodeAt(column) - 48;
      if (!level) continue;
      context.fillStyle = shades[level - 1];
      context.fillRect(left + column * wide, row * tall, Math.max(wide - (wide > 6 ? 1 : 0), 1), tall - gap);
    }
    if (labelled) label(context, line.accounts[0], row, tall, left);
  });
  marks(context, heat, { left, wide, tall });
  alerts(context, heat, { left, wide, height });
  if (cursor.row >= 0) {
    context.strokeStyle = colour("text");
    context.strokeRect(left + cursor.column * wide, cursor.row * tall, Math.max(wide, 3), Math.max(tall, 3));
  }
  times(context, heat, { left, wide, height });
}

function label(context, text, row, tall, left) {
  context.fillStyle = colour("text");
  context.font = `${Math.min(11, tall)}px ${getComputedStyle(document.body).fontFamily}`;
  context.textBaseline = "middle";
  let shown = text;
  while (shown.length > 4 && context.measureText(shown).width > left - 10) shown = `${shown.slice(0, -2)}…`;
  context.fillText(shown, 0, row * tall + tall / 2);
}

// Where each account was named.
function marks(context, heat, { left, wide, tall }) {
  context.fillStyle = colour("mark");
  heat.lines.forEach((line, row) => {
    const x = left + Math.max(0, line.named) * wide;
    context.fillRect(x, row * tall, 2, Math.max(tall, 1));
  });
}

function alerts(context, heat, { left, wide, height }) {
  context.strokeStyle = colour("mark");
  context.setLineDash([2, 3]);
  const first = heat.alerts[0];
  if (first) {
    context.beginPath();
    context.moveTo(left + first[0] * wide + 0.5, 0);
    context.lineTo(left + first[0] * wide + 0.5, height);
    context.stroke();
  }
  context.setLineDash([]);
}

function times(context, heat, { left, wide, height }) {
  context.fillStyle = colour("muted");
  context.font = `11px ${getComputedStyle(document.body).fontFamily}`;
  context.textBaseline = "alphabetic";
  const every = Math.max(1, Math.ceil(heat.columns / Math.max(1, Math.floor((heat.columns * wide) / 110))));
  for (let at = 0; at < heat.columns; at += every) {
    const x = left + at * wide;
    if (at && x + 75 > left + heat.columns * wide) break;
    context.fillText(axis(heat.start + at * heat.step, heat.step), x, height + 15);
  }
}

// Nine shades from the low to the high end of the theme.
export function scale() {
  const low = rgb(colour("heat-low")), high = rgb(colour("heat-high"));
  return Array.from({ length: 9 }, (_, at) => {
    const mixed = low.map((one, place) => Math.round(one + ((high[place] - one) * at) / 8));
    return `rgb(${mixed.join(" ")})`;
  });
}

const rgb = (hex) => [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16));

export function scaleKey(heat) {
  const canvas = h("canvas", { width: 108, height: 11, "aria-hidden": "true" });
  const key = h("span", { class: "scale" }, canvas);
  const redraw = drawn(key, () => scale().forEach((shade, at) => {
    const context = canvas.getContext("2d");
    context.fillStyle = shade;
    context.fillRect(at * 12, 0, 12, 11);
  }));
  queueMicrotask(redraw);
  return h("span", { class: "row note" }, "1", key, `${count(heat.most[8])} requests an account in ${span(heat.step)}`);
}

function said(heat, { row, column }) {
  const line = heat.lines[row], level = line.levels.charCodeAt(column) - 48;
  const whose = line.count === 1 ? line.accounts[0] : `${count(line.count)} accounts (${line.accounts.join(", ")} …)`;
  const low = level > 1 ? heat.most[level - 2] + 1 : 1, high = heat.most[level - 1];
  const amount = level ? (low >= high ? many(high, "request") : `${count(low)} to ${count(high)} requests`) : "nothing";
  return `${whose}  ·  ${moment(heat.start + column * heat.step)} UTC  ·  ${amount}${line.count > 1 && level ? " each" : ""}`;
}

function summary(heat) {
  const accounts = heat.lines.reduce((sum, line) => sum + line.count, 0);
  const requests = heat.lines.reduce((sum, line) => sum + line.requests, 0);
  const end = heat.start + heat.columns * heat.step;
  return `Activity of ${many(accounts, "account")}: ${many(requests, "request")} from ${moment(heat.start)} to ${moment(end)} UTC. The table of accounts has the same in figures.`;
}
