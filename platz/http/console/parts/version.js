/** A chart's version: branch, version and the first seven characters of its commit. */

import { knownChart } from "../session/known_rows.js";
import { html } from "../view.js";
import { versionOf } from "../words.js";

/** The version of the chart with this id. */
export function Version({ chartId }) {
  return html`<${VersionOf} chart=${knownChart(chartId).value} />`;
}

/** The version of a chart. */
export function VersionOf({ chart }) {
  if (!chart) return html`<span class="soft">${chart === null ? "unknown" : "…"}</span>`;
  return html`<span class="version">
    ${chart.parsed_branch && html`<span class="pill" dir="auto">${chart.parsed_branch}</span>`}
    <code>${versionOf(chart)}</code>
    ${chart.parsed_commit && html`<code class="soft">${chart.parsed_commit.slice(0, 7)}</code>`}
    ${chart.error && html`<span class="pill bad">broken</span>`}
    ${!chart.available && html`<span class="pill">deleted</span>`}
  </span>`;
}
