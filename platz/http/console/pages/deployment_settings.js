/** Description, name and cluster of a deployment; the last two replace its namespace. */

import { put } from "../api/request.js";
import { NeedsRight } from "../parts/allowed.js";
import { Confirm } from "../parts/dialog.js";
import { useSending } from "../parts/sending.js";
import { Problem } from "../parts/states.js";
import { namespaceOf } from "../parts/features.js";
import { clustersOf } from "../session/catalogue.js";
import { html, useSignal } from "../view.js";

export function SettingsTab({ deployment, cluster, kind }) {
  return html`<${Description} deployment=${deployment} /><${Place} deployment=${deployment} cluster=${cluster} kind=${kind} />`;
}

function Description({ deployment }) {
  const text = useSignal(deployment.description_md ?? "");
  const saved = useSignal(false);
  const { busy, error, send } = useSending(async () => {
    await put(`/deployments/${deployment.id}`, { description_md: text.value });
    saved.value = true;
  });
  return html`<form class="card" onSubmit=${send}><h2>Description</h2>
    <label class="field"><span class="hidden">Description, Markdown</span>
      <textarea rows="5" value=${text.value} onInput=${(event) => { text.value = event.target.value; saved.value = false; }}></textarea></label>
    ${error.value && html`<${Problem} error=${error.value} />`}
    <div class="buttons"><${NeedsRight} verdict=${deployment.allowed?.change} label="Save the description"><button type="submit" disabled=${busy.value}>Save the description</button></${NeedsRight}>${saved.value && html`<span class="soft" role="status">Saved.</span>`}</div>
  </form>`;
}

function Place({ deployment, cluster, kind }) {
  const name = useSignal(deployment.name);
  const clusterId = useSignal(deployment.cluster_id);
  const asking = useSignal(false);
  const changes = {
    ...(name.value !== deployment.name && { name: name.value }),
    ...(clusterId.value !== deployment.cluster_id && { cluster_id: clusterId.value }),
  };
  const before = namespaceOf(kind?.name ?? "", deployment.name);
  const after = namespaceOf(kind?.name ?? "", name.value);
  const clusters = clustersOf(cluster?.env_id);
  const target = clusters.find((one) => one.id === clusterId.value);
  return html`<section class="card"><h2>Name and cluster</h2>
    <label class="field">Name<input type="text" autocomplete="off" value=${name.value} onInput=${(event) => (name.value = event.target.value.trim())} /></label>
    <label class="field">Cluster<select value=${clusterId.value} onChange=${(event) => (clusterId.value = event.target.value)}>
      ${clusters.map((one) => html`<option value=${one.id}>${one.name}${one.is_ok ? "" : " (not answering)"}</option>`)}</select></label>
    <p class="help">A change here deletes the namespace <code>${before}</code> and installs the chart in a new one. Data in volumes is lost.</p>
    <div class="buttons"><${NeedsRight} verdict=${deployment.allowed?.change} label="Move …" className="danger">
      <button type="button" class="danger" disabled=${Object.keys(changes).length === 0} onClick=${() => (asking.value = true)}>Move …</button></${NeedsRight}></div>
    ${asking.value && html`<${Confirm} title="Move this deployment?" verb="Move" danger=${true} type=${before} close=${() => (asking.value = false)}
      act=${() => put(`/deployments/${deployment.id}`, changes)}>
      <p>This deletes the namespace <code>${before}</code> in cluster ${cluster?.name} and creates <code>${after}</code> in cluster ${target?.name}. Data in volumes is lost.</p>
    </${Confirm}>`}
  </section>`;
}
