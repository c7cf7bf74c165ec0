// Which page is shown, who looks at it, and what is new.
import { accountPage } from "./account.js";
import { refreshSession, session, signIn, signOut } from "./api.js";
import { h, put } from "./dom.js";
import { findingPage } from "./finding.js";
import { overviewPage } from "./overview.js";
import { searchPage } from "./search.js";

const main = document.getElementById("main"), state = document.getElementById("state");
const ROUTES = [
  [/^#\/findings\/(.+)$/, findingPage], [/^#\/accounts\/(.+)$/, accountPage], [/^#\/search\/(.+)$/, searchPage], [/^/, overviewPage],
];
const EVERY = 2_000;
let page = null, news = null, due = 0, busy = false;

async function route({ focus = true } = {}) {
  if (!session.name) return;
  const [pattern, make] = ROUTES.find(([one]) => one.test(location.hash));
  const shown = make(decoded(pattern.exec(location.hash)[1] || ""));
  page = shown;
  const overview = document.getElementById("nav-overview");
  if (make === overviewPage) overview.setAttribute("aria-current", "page");
  else overview.removeAttribute("aria-current");
  main.setAttribute("aria-busy", "true");
  put(main, h("p", { class: "empty" }, "Loading…"));
  const held = h("div", { hidden: true });
  main.append(held);
  held.append(shown.node);
  try {
    await shown.refresh();
    if (page !== shown) return;
    put(main, shown.node);
  } catch (failure) {
    if (page === shown && session.name) put(main, sorry(failure));
  }
  main.removeAttribute("aria-busy");
  document.title = `${page.title} – Gauger`;
  if (focus) { main.focus({ preventScroll: true }); scrollTo(0, 0); }
}

function decoded(text) {
  try { return decodeURIComponent(text); } catch { return text; }
}

const sorry = (failure) =>
  h("div", { class: "panel card" }, h("h1", {}, failure.status === 404 ? "Not there" : "That did not work"), h("p", {}, failure.message), h("p", {}, h("a", { href: "#/" }, "To the overview")));

function listen() {
  news?.close();
  news = new EventSource("/api/news");
  let seen = null;
  news.onmessage = (event) => {
    const told = JSON.parse(event.data);
    show(told.reading === "live" ? "live" : told.reading ? `reading traffic: ${told.reading}` : "all read", told.reading === "" || told.reading === "live" ? "well" : "");
    if (seen !== null && told.version !== seen) soon();
    seen = told.version;
  };
  news.onerror = () => show("not connected", "ill");
}

const show = (text, kind) => {
  if (state.textContent !== text) put(state, text);
  state.className = `state ${kind}`;
};

function soon() {
  if (due) return;
  due = setTimeout(async () => {
    due = 0;
    if (!page || busy || document.querySelector("dialog[open]")) return soon();
    busy = true;
    const shown = page, at = scrollY;
    try {
      await shown.refresh();
      if (page === shown) scrollTo(0, at);
    } catch (failure) {
      show(failure.message, "ill");
    }
    busy = false;
  }, EVERY);
}

function ask(reason = "") {
  news?.close();
  session.name = "";
  const token = h("input", { id: "token", type: "password", autocomplete: "current-password", required: true });
  const error = h("p", { class: "error", role: "alert" }, reason);
  const form = h("form", {}, h("label", { class: "field", for: "token" }, h("span", {}, "Token"), token), error, h("p", { class: "row" }, h("button", { type: "submit", class: "first" }, "Sign in")));
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    try {
      await signIn(token.value.trim());
      await begin();
    } catch (failure) {
      put(error, failure.message);
      token.select();
    }
  });
  put(main, h("section", { class: "panel card" }, h("h1", {}, "Sign in"), h("p", { class: "note" }, "With your token, or the link that gauger console printed when it started."), form));
  show("signed out", "");
  token.focus();
}

async function begin() {
  await refreshSession();
  if (!session.name) return ask();
  put(document.getElementById("who"), `${session.name} · ${session.role}`);
  document.getElementById("sign-out").hidden = !session.by_token;
  listen();
  await route({ focus: false });
}

async function start() {
  const token = /^#token=(.+)$/.exec(location.hash)?.[1];
  if (token) {
    // Out of sight and out of the history before anything else.
    history.replaceState(null, "", "#/");
    try { await signIn(decoded(token)); } catch (failure) { return ask(failure.message); }
  }
  try { await begin(); } catch (failure) { ask(failure.message); }
}

document.getElementById("search").addEventListener("submit", (event) => {
  event.preventDefault();
  const text = document.getElementById("search-text").value.trim();
  if (text) location.hash = `#/search/${encodeURIComponent(text)}`;
});
document.getElementById("skip").addEventListener("click", (event) => { event.preventDefault(); main.focus(); });
document.getElementById("sign-out").addEventListener("click", async () => { await signOut(); ask(); });
document.addEventListener("signed-out", () => { if (session.name) ask("Your session has ended."); });
document.addEventListener("keydown", (event) => {
  if (event.key !== "/" || event.target.closest("input, textarea, select, dialog")) return;
  event.preventDefault();
  document.getElementById("search-text").focus();
});
addEventListener("hashchange", () => route());
// Browsers open six connections to a server at most: a page that nobody sees holds none of them.
const wake = () => {
  if (!session.name) return;
  listen();
  soon();
};
addEventListener("pagehide", () => news?.close());
addEventListener("pageshow", (event) => { if (event.persisted) wake(); });
document.addEventListener("visibilitychange", () => (document.hidden ? news?.close() : wake()));
start();
