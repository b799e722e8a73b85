/** The console's icons: one family of strokes on a grid of 16. */

import { html } from "../view.js";

const STROKES = {
  add: "M8 3v10M3 8h10",
  alert: "M8 2 1.5 13.5h13L8 2zM8 6.5v3.2M8 11.6v.1",
  busy: "M8 2a6 6 0 1 1-6 6",
  check: "M3 8.5 6.5 12 13 4.5",
  chart: "M2.5 4.5 8 2l5.5 2.5v7L8 14l-5.5-2.5v-7zM2.5 4.5 8 7l5.5-2.5M8 7v7",
  clock: "M8 2a6 6 0 1 0 .01 0zM8 4.8V8l2.2 1.6",
  cluster: "M2.5 3h11v4h-11zM2.5 9h11v4h-11zM5 5h.1M5 11h.1",
  cross: "M4 4l8 8M12 4l-8 8",
  down: "M4 6.5 8 10.5l4-4",
  error: "M8 2a6 6 0 1 0 .01 0zM8 5v3.6M8 10.8v.1",
  info: "M8 2a6 6 0 1 0 .01 0zM8 7.2v3.8M8 4.9v.1",
  key: "M10.5 2.5a3 3 0 1 0 .01 0zM8.4 7.6 3 13M5 11l1.6 1.6",
  list: "M5.5 4h8M5.5 8h8M5.5 12h8M2.5 4h.1M2.5 8h.1M2.5 12h.1",
  menu: "M2 4h12M2 8h12M2 12h12",
  open: "M9 2.5h4.5V7M13.5 2.5 7.5 8.5M11.5 9.5v4h-9v-9h4",
  pause: "M5.5 3.5v9M10.5 3.5v9",
  people: "M6 2.8a2.4 2.4 0 1 0 .01 0zM1.5 13.5c0-3 2-4.6 4.5-4.6s4.5 1.6 4.5 4.6M11 3.4a2.2 2.2 0 0 1 0 4.2M12.2 9.4c1.5.6 2.3 2 2.3 4.1",
  restart: "M13 8a5 5 0 1 1-1.6-3.7M13 2v3h-3",
  search: "M7 2.5a4.5 4.5 0 1 0 .01 0zM10.4 10.4 14 14",
  settings: "M3 4.5h5M11 4.5h2M3 11.5h2M8 11.5h5M9.5 3v3M6.5 10v3",
  unknown: "M8 2a6 6 0 1 0 .01 0zM6.2 6.4c.2-1.2 1-1.7 1.9-1.7 1.1 0 1.9.7 1.9 1.7 0 1.3-1.9 1.5-1.9 2.8M8 11.3v.1",
  up: "M8 13V3M4 7l4-4 4 4",
};

/** An icon beside words; it says nothing to assistive technology. */
export function Icon({ name, turning = false }) {
  return html`<svg class=${`icon${turning ? " turning" : ""}`} viewBox="0 0 16 16" aria-hidden="true">
    <path d=${STROKES[name] ?? STROKES.unknown} />
  </svg>`;
}

/** The mark of a kind: its first letter in the kind's own hue. */
export function KindMark({ name = "?" }) {
  let hue = 0;
  for (const letter of name) hue = (hue * 31 + letter.codePointAt(0)) % 360;
  return html`<span class="kind-mark" style=${{ "--hue": hue }} aria-hidden="true">${name.slice(0, 1).toUpperCase()}</span>`;
}
