// Just enough of a browser for console.js: elements by id, a location, storage, cookies kept by fetch.
// Reads one JSON line of {origin, path, storage, cookies, click}, prints one of what the page became.
import { readFileSync } from "node:fs";

const asked = JSON.parse(readFileSync(0, "utf8"));
const elements = new Map();
const element = (id) => {
  if (!elements.has(id)) {
    const listeners = {};
    elements.set(id, {
      id, textContent: "", hidden: false, disabled: false,
      addEventListener: (kind, act) => { listeners[kind] = act; },
      click: () => listeners.click(),
    });
  }
  return elements.get(id);
};

const storage = new Map(Object.entries(asked.storage));
const cookies = new Map(Object.entries(asked.cookies));
let sentTo = null;
const address = new URL(asked.path, asked.origin);

globalThis.document = { getElementById: element };
globalThis.localStorage = {
  getItem: (key) => storage.get(key) ?? null,
  setItem: (key, value) => storage.set(key, value),
  removeItem: (key) => storage.delete(key),
};
globalThis.location = {
  origin: asked.origin, pathname: address.pathname, search: address.search,
  assign: (url) => { sentTo = url; },
};
globalThis.history = { replaceState: (_state, _title, url) => { address.href = new URL(url, asked.origin).href; } };

const realFetch = globalThis.fetch;
let waiting = 0;
globalThis.fetch = async (url, options) => {
  waiting += 1;
  try {
    const cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join("; ");
    const headers = { ...options.headers, ...(cookie ? { Cookie: cookie } : {}) };
    const answer = await realFetch(asked.origin + url, { ...options, headers });
    for (const line of answer.headers.getSetCookie()) {
      const [, name, value] = /^([^=]+)=([^;]*)/.exec(line);
      if (/Max-Age=0/.test(line)) cookies.delete(name);
      else cookies.set(name, value);
    }
    return answer;
  } finally {
    waiting -= 1;
  }
};

const quiet = async () => {
  for (let calm = 0; calm < 5; calm += waiting ? -calm : 1) await new Promise((later) => setTimeout(later, 5));
};

(0, eval)(readFileSync(asked.script, "utf8"));
await quiet();
if (asked.click) {
  element(asked.click).click();
  await quiet();
}
const texts = Object.fromEntries([...elements.values()].map((e) => [e.id, { text: e.textContent, hidden: e.hidden }]));
console.log(JSON.stringify({
  texts, sentTo, path: address.pathname + address.search,
  storage: Object.fromEntries(storage), cookies: Object.fromEntries(cookies),
}));
