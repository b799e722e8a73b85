/** The address bar: which page it names, and how links change it without loading anew. */

import { signal } from "./view.js";

/** The current address: `path`, and `query` as an object. */
export const address = signal(here());

function here() {
  return { path: location.pathname, query: Object.fromEntries(new URLSearchParams(location.search)), hash: location.hash };
}

let wantsFocus = false;

/** Return, once after each way to another page, that its heading should get the focus. */
export function takeFocus() {
  const wanted = wantsFocus;
  wantsFocus = false;
  return wanted;
}

/** Go to an address of the console. */
export function navigate(target, { replace = false, keepScroll = false } = {}) {
  history[replace ? "replaceState" : "pushState"](null, "", target);
  wantsFocus = !keepScroll;
  address.value = here();
  if (!keepScroll) scrollTo(0, 0);
}

/** Change parts of the query; empty values leave it. */
export function changeQuery(changes) {
  const query = new URLSearchParams(location.search);
  for (const [key, value] of Object.entries(changes)) {
    if (value === "" || value === null || value === undefined) query.delete(key);
    else query.set(key, value);
  }
  const text = query.toString();
  navigate(location.pathname + (text ? `?${text}` : ""), { replace: true, keepScroll: true });
}

/** Let links to pages of the console change the page in place, and follow Back and Forward. */
export function followLinks() {
  addEventListener("popstate", () => (address.value = here()));
  document.addEventListener("click", (event) => {
    const link = event.target.closest?.("a[href]");
    const plain = event.button === 0 && !event.metaKey && !event.ctrlKey && !event.shiftKey && !event.altKey;
    if (!link || !plain || link.target || link.origin !== location.origin || event.defaultPrevented) return;
    if (/^\/(api|status|readyz|healthz|metrics)(\/|$)/.test(link.pathname) || link.hasAttribute("download")) return;
    if (link.hash && link.pathname === location.pathname) return;
    event.preventDefault();
    navigate(link.pathname + link.search + link.hash);
  });
}

/** Return the parameters when the pattern (`/envs/:env`) fits the path, else null. */
export function match(pattern, path) {
  const wanted = pattern.split("/");
  const given = path.replace(/\/+$/, "").split("/");
  if (wanted.length !== given.length && !(pattern === "/" && path === "/")) return null;
  const found = {};
  try {
    given.forEach(decodeURIComponent);
  } catch {
    return null; // a broken percent encoding names no page
  }
  for (let place = 0; place < wanted.length; place += 1) {
    if (wanted[place].startsWith(":")) found[wanted[place].slice(1)] = decodeURIComponent(given[place] ?? "");
    else if (wanted[place] !== (given[place] ?? "")) return null;
  }
  return found;
}
