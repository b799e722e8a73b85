/** The first part of a change: kind, version, cluster and name. */

import { Combobox } from "../../parts/combobox.js";
import { featuresOf, namespaceOf } from "../../parts/features.js";
import { Problem } from "../../parts/states.js";
import { clustersOf, kindOf, kinds, registries } from "../../session/catalogue.js";
import { html } from "../../view.js";
import { versionOf } from "../../words.js";

const LONGEST_NAME = 53; // of a Helm release, which is named like the namespace

export function Where({ place, envId, charts, chosen, isNew }) {
  const set = (changes) => (place.value = { ...place.value, ...changes });
  const { kindId, clusterId, name, chartId } = place.value;
  return html`
    ${isNew && html`<div class="field"><label for="kind">Kind</label>
      <${Combobox} id="kind" options=${kindOptions()} value=${kindId} required=${true} choose=${(id) => set({ kindId: id, chartId: null })} /></div>`}
    ${kindId && html`<${Version} charts=${charts} chartId=${chartId} set=${set} />`}
    ${isNew && html`<div class="field"><label for="cluster">Cluster</label>
      <${Combobox} id="cluster" options=${clusterOptions(envId)} value=${clusterId} required=${true} choose=${(id) => set({ clusterId: id })} /></div>`}
    ${isNew && chosen && !featuresOf(chosen).onePerCluster && html`<${Name} name=${name} kindId=${kindId} set=${set} />`}
    ${isNew && chosen && featuresOf(chosen).onePerCluster && html`<p class="help">A cluster has at most one deployment of this kind, which needs no name.</p>`}
  `;
}

function kindOptions() {
  const icons = new Set((registries.value ?? []).map((registry) => registry.kind_id));
  return (kinds.value ?? []).filter((kind) => icons.has(kind.id)).map((kind) => ({ value: kind.id, label: kind.name })).sort((one, other) => one.label.localeCompare(other.label));
}

function clusterOptions(envId) {
  return clustersOf(envId).map((cluster) => ({ value: cluster.id, label: cluster.name, detail: [cluster.region_name, cluster.is_ok ? "" : "not answering"].filter(Boolean).join(" · ") }));
}

function Version({ charts, chartId, set }) {
  const { data, error } = charts.value;
  if (error) return html`<${Problem} error=${error} retry=${charts.reload} />`;
  if (data === undefined) return html`<p class="soft">Looking for versions …</p>`;
  const usable = data.filter((chart) => (chart.available && !chart.error) || chart.id === chartId);
  const options = usable.map((chart) => ({ value: chart.id, label: versionOf(chart), detail: detailOf(chart) }));
  const newest = (usable.find(isRelease) ?? usable[0])?.id ?? null;
  const shown = chartId ?? newest;
  if (!chartId && shown) queueMicrotask(() => set({ chartId: shown }));
  const broken = data.find((chart) => chart.id === chartId)?.error;
  return html`<div class="field"><label for="version">Version</label>
    <${Combobox} id="version" options=${options} value=${shown} required=${true} choose=${(id) => set({ chartId: id })} describedBy="version-help" />
    <p class="help" id="version-help">${usable.length === 0 ? "No version of this kind can be deployed." : newest === shown ? "This is the newest release." : "This is not the newest release."}</p>
    ${broken && html`<p class="wrong-text">This version is broken: ${broken}</p>`}
  </div>`;
}

/** A version of the main branch, or with a plain number when no tag format reads its branch. */
function isRelease(chart) {
  return chart.parsed_branch ? /^(main|master)$/.test(chart.parsed_branch) : /^v?\d+(\.\d+)*$/.test(chart.parsed_version || chart.image_tag);
}

function detailOf(chart) {
  return [chart.parsed_branch, chart.parsed_commit?.slice(0, 7), new Date(chart.created_at).toLocaleDateString(), chart.available ? "" : "deleted"].filter(Boolean).join(" · ");
}

function Name({ name, kindId, set }) {
  const kind = kindOf(kindId)?.name ?? "";
  const left = LONGEST_NAME - namespaceOf(kind, name).length - (name ? 0 : 1);
  return html`<div class="field"><label for="name">Name</label>
    <input id="name" type="text" autocomplete="off" spellcheck="false" value=${name} aria-describedby="name-help" maxlength=${LONGEST_NAME}
      onInput=${(event) => set({ name: event.target.value.trim().toLowerCase() })} />
    <p class="help" id="name-help">${name ? html`Namespace <code>${namespaceOf(kind, name)}</code>. ` : "Lower-case letters, digits and dashes. "}${left >= 0 ? `${left} characters left.` : `${-left} characters too many.`}</p>
  </div>`;
}
