/** A chart's version: branch, version and the first seven characters of its commit. */

import { chart } from "../session/catalogue.js";
import { useRemote } from "../live/remote.js";
import { html } from "../view.js";
import { versionOf } from "../words.js";

/** The version of the chart with this id. */
export function Version({ chartId }) {
  const remote = useRemote(() => chart(chartId), [chartId]);
  return html`<${VersionOf} chart=${remote.value.data} />`;
}

/** The version of a chart. */
export function VersionOf({ chart: shown }) {
  if (!shown) return html`<span class="soft">…</span>`;
  return html`<span class="version">
    ${shown.parsed_branch && html`<span class="pill" dir="auto">${shown.parsed_branch}</span>`}
    <code>${versionOf(shown)}</code>
    ${shown.parsed_commit && html`<code class="soft">${shown.parsed_commit.slice(0, 7)}</code>`}
    ${shown.error && html`<span class="pill bad">broken</span>`}
    ${!shown.available && html`<span class="pill">deleted</span>`}
  </span>`;
}
