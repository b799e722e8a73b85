/** Times as people read them, by the server's clock. */

import { serverNow } from "../api/request.js";
import { html, signal } from "../view.js";

const tick = signal(0);
setInterval(() => (tick.value += 1), 10_000);

const UNITS = [
  ["second", 1, 60],
  ["minute", 60, 60],
  ["hour", 3600, 24],
  ["day", 86_400, 7],
];
const relative = new Intl.RelativeTimeFormat("en", { numeric: "auto" });
const exact = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "long" });
const day = new Intl.DateTimeFormat(undefined, { dateStyle: "medium" });

/** "3 minutes ago", a date after a week; the exact time on hover and focus. */
export function Ago({ at }) {
  tick.value;
  if (!at) return html`<span class="soft">never</span>`;
  const moment = Date.parse(at);
  return html`<time datetime=${at} title=${exact.format(moment)}>${ago(moment)}</time>`;
}

function ago(moment) {
  const seconds = Math.round((moment - serverNow()) / 1000);
  const size = Math.abs(seconds);
  if (size < 5) return "just now";
  for (const [unit, length, limit] of UNITS) {
    if (size < length * limit) return relative.format(Math.round(seconds / length), unit);
  }
  return day.format(moment);
}

/** How long something took, or takes: "42 s", "3 min 5 s". */
export function Duration({ from, to }) {
  if (!to) tick.value;
  if (!from) return null;
  const seconds = Math.max(0, Math.round(((to ? Date.parse(to) : serverNow()) - Date.parse(from)) / 1000));
  const text = seconds < 60 ? `${seconds} s` : `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
  return html`<span class="duration">${text}</span>`;
}
