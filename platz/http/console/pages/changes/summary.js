/** What a change will do, in words, beside the button that does it. */

import { namespaceOf } from "../../parts/features.js";
import { clusterOf, kindOf } from "../../session/catalogue.js";
import { html } from "../../view.js";
import { count, versionOf } from "../../words.js";

export function Summary({ chart, before, from, place, form, isNew }) {
  const cluster = clusterOf(place.clusterId);
  const sentences = isNew ? ofNew(chart, place, cluster) : ofChange(chart, before, from, form);
  return html`<aside class="summary" aria-label="What this does">
    ${sentences.map((sentence) => html`<p>${sentence}</p>`)}
    ${cluster && !cluster.is_ok && html`<p class="wrong-text">Cluster ${cluster.name} does not answer now; the task waits for it.</p>`}
  </aside>`;
}

function ofNew(chart, place, cluster) {
  if (!cluster) return ["Choose a cluster."];
  const kind = kindOf(place.kindId)?.name ?? "";
  return [`Installs ${kind} ${versionOf(chart)} in namespace ${namespaceOf(kind, place.name)} of cluster ${cluster.name}.`];
}

function ofChange(chart, before, from, form) {
  const changed = changedInputs(from.config ?? {}, form.answers.value);
  const sentences = [];
  if (chart.id !== from.helm_chart_id) sentences.push(`Upgrades from ${versionOf(before)} to ${versionOf(chart)}.`);
  if (changed.length > 0) sentences.push(`Changes ${count(changed.length, "input")}: ${changed.slice(0, 6).join(", ")}${changed.length > 6 ? " …" : ""}.`);
  if (sentences.length === 0) sentences.push("Nothing differs from what is deployed.");
  if (!from.enabled) sentences.push("The deployment is disabled; this is installed when it is enabled.");
  return sentences;
}

function changedInputs(before, after) {
  const keys = new Set([...Object.keys(before), ...Object.keys(after)]);
  return [...keys].filter((key) => JSON.stringify(before[key]) !== JSON.stringify(after[key]));
}
