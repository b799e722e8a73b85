/** Days of the week and an hour in UTC, as the format stores them: `{"run_days": "1,3", "schedule": "21:30"}`. */

import { html } from "../view.js";
import { Group, idsOf } from "./frame.js";

const DAYS = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"]; // 0 is Sunday
const FROM_MONDAY = [1, 2, 3, 4, 5, 6, 0];

/** Nothing is set until the person touches it. */
export function DaysField({ input, value, change, mark, problem }) {
  const set = typeof value === "object" && value !== null ? value : null;
  const days = new Set((set?.run_days ?? "").split(",").filter(Boolean).map(Number));
  const schedule = set?.schedule ?? "";
  const toggle = (day) => {
    days.has(day) ? days.delete(day) : days.add(day);
    change({ run_days: [...days].sort((one, other) => one - other).join(","), schedule });
  };
  return html`<${Group} input=${input} mark=${mark} problem=${problem}>
    <div class="days">
      ${FROM_MONDAY.map((day) => html`<button type="button" aria-pressed=${days.has(day)} onClick=${() => toggle(day)}>${DAYS[day]}</button>`)}
    </div>
    <div class="with-button">
      <input type="time" aria-label=${`${input.label}, hour in UTC`} value=${schedule} id=${`${idsOf(input).id}-hour`}
        onInput=${(event) => change({ run_days: set?.run_days ?? "", schedule: event.target.value })} />
      <span class="soft">${schedule ? `UTC, ${localTime(schedule)} your time` : "UTC, not set"}</span>
      ${set && html`<button type="button" class="small" onClick=${() => change(undefined)}>Leave unset</button>`}
    </div>
  </${Group}>`;
}

function localTime(schedule) {
  const [hours, minutes] = schedule.split(":").map(Number);
  const moment = new Date();
  moment.setUTCHours(hours, minutes, 0, 0);
  return new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit" }).format(moment);
}
