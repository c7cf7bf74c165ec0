// Elements out of words. Text is always text: nothing here, or anywhere, reads markup.

const SVG = "http://www.w3.org/2000/svg";

function fill(node, attributes, children) {
  for (const [name, value] of Object.entries(attributes || {})) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (name === "width%") node.style.width = `${value}%`;
    else node.setAttribute(name, value === true ? "" : String(value));
  }
  append(node, children);
  return node;
}

function append(node, children) {
  for (const child of children.flat()) {
    if (child === null || child === undefined || child === false) continue;
    node.append(child instanceof Node ? child : document.createTextNode(String(child)));
  }
}

export const h = (tag, attributes, ...children) =>
  fill(document.createElement(tag), attributes, children);

export const s = (tag, attributes, ...children) =>
  fill(document.createElementNS(SVG, tag), attributes, children);

export function put(node, ...children) {
  node.replaceChildren();
  append(node, children);
  return node;
}

// A panel with a heading; `body` may be filled anew.
export function panel(title, attributes = {}, ...tools) {
  const body = h("div");
  const heading = h("header", {}, h("h2", {}, title), ...tools);
  const { class: more = "", ...rest } = attributes;
  const node = h("section", { class: `panel ${more}`, "aria-label": title, ...rest }, heading, body);
  return { node, body };
}

export const badge = (kind, text) => h("span", { class: `badge ${kind}` }, text);

// What a canvas or a chart has to know of the theme.
export const colour = (name) =>
  getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();

const redraws = new WeakMap();
document.addEventListener("theme", () =>
  document.querySelectorAll("[data-drawn]").forEach((node) => redraws.get(node)?.()));

// Draws when asked to, and whenever the width or the theme changes.
export function drawn(node, draw) {
  let width = 0;
  const redraw = () => {
    if (node.clientWidth) {
      width = node.clientWidth;
      draw(width);
    }
  };
  new ResizeObserver(() => { if (node.clientWidth !== width) redraw(); }).observe(node);
  redraws.set(node, redraw);
  node.dataset.drawn = "";
  return redraw;
}
