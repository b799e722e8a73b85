/** The live connection: tells which rows changed, and comes back by itself after every cut. */

import { token } from "../api/request.js";
import { effect, signal } from "../view.js";

/** `live`, `connecting` or `offline`, and since when (milliseconds) the screen may be old. */
export const connection = signal({ state: "connecting", since: Date.now() });

const FIRST_PAUSE = 1000;
const LONGEST_PAUSE = 30_000;
const watchers = new Set();
let socket = null;
let pause = FIRST_PAUSE;
let timer = 0;
let wasOpen = false;

/**
 * Call `changed(event)` for each changed row of these tables; after a cut, once with null: anything may have changed.
 * Returns the function that ends the watch.
 */
export function watch(tables, changed) {
  const watcher = { tables: new Set(tables), changed };
  watchers.add(watcher);
  subscribe([...tables]);
  return () => watchers.delete(watcher);
}

/** Follow the sign-in: connect with each new token, and stay away without one. */
export function keepConnected() {
  effect(() => {
    const current = token.value;
    disconnect();
    if (current) connect(current);
  });
  addEventListener("online", retryNow);
  addEventListener("offline", () => {
    disconnect(); // a socket of before the cut may look open for minutes
    mark("offline");
  });
  addEventListener("pagehide", disconnect);
  addEventListener("pageshow", (event) => event.persisted && retryNow());
  document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && retryNow());
}

function connect(current) {
  clearTimeout(timer);
  const address = `${location.protocol === "https:" ? "wss" : "ws"}://${location.host}/api/v2/ws`;
  const opened = new WebSocket(address, ["platz-auth-bearer", current]);
  socket = opened;
  opened.onopen = () => {
    pause = FIRST_PAUSE;
    subscribe([...new Set([...watchers].flatMap((watcher) => [...watcher.tables]))]);
    mark("live");
    if (wasOpen) watchers.forEach((watcher) => watcher.changed(null));
    wasOpen = true;
  };
  opened.onmessage = (message) => tell(JSON.parse(message.data));
  opened.onclose = () => {
    if (socket !== opened) return;
    socket = null;
    mark(navigator.onLine ? "connecting" : "offline");
    timer = setTimeout(() => token.value && connect(token.value), pause * (0.75 + Math.random() / 2));
    pause = Math.min(pause * 2, LONGEST_PAUSE);
  };
}

function disconnect() {
  clearTimeout(timer);
  const open = socket;
  socket = null;
  open?.close();
  mark("connecting");
}

function retryNow() {
  if (socket || !token.value) return;
  pause = FIRST_PAUSE;
  connect(token.value);
}

function subscribe(tables) {
  if (socket?.readyState !== WebSocket.OPEN) return;
  tables.forEach((table) => socket.send(JSON.stringify({ type: "subscribe", table })));
}

function tell(event) {
  watchers.forEach((watcher) => watcher.tables.has(event.table) && watcher.changed(event));
}

function mark(state) {
  if (connection.peek().state !== state) connection.value = { state, since: Date.now() };
}
