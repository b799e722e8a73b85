/** The overview of a deployment: what it reports, its workloads in short, and its answers in the chart's words. */

import { get } from "../api/request.js";
import { useRemote } from "../live/remote.js";
import { Metric, Notice, Replicas } from "../parts/status.js";
import { Shown } from "../parts/states.js";
import { Ago } from "../parts/time.js";
import { html } from "../view.js";

export function OverviewTab({ deployment, chart }) {
  const workloads = useRemote((abort) => get("/k8s-resources", { deployment_id: deployment.id, per_page: 200 }, abort), [deployment.id], ["k8s_resources"]);
  return html`
    <${Reported} status=${deployment.reported_status} />
    <div class="two">
      <section class="card"><h2>Workloads</h2>
        <${Shown} remote=${workloads}>${({ items }) => items.length === 0
          ? html`<p class="soft">None seen yet.</p>`
          : html`<ul class="list plain">${items.map((item) => html`<li key=${item.id}><span><span class="soft">${item.kind}</span> ${item.name}</span><${Replicas} kind=${item.kind} colors=${item.status_color} /></li>`)}</ul>`}
        </${Shown}>
      </section>
      <section class="card"><h2>Inputs</h2><${Answers} deployment=${deployment} chart=${chart} /></section>
    </div>
    ${deployment.description_md && html`<section class="card"><h2>Description</h2><p class="prose" dir="auto">${deployment.description_md}</p></section>`}
    <p class="soft">Created <${Ago} at=${deployment.created_at} />.</p>
  `;
}

function Reported({ status }) {
  if (!status) return null;
  const { content } = status;
  return html`<section class="card"><h2>Status</h2>
    ${content === null && html`<p class="wrong-text">The status can't be read: ${status.error}</p>`}
    ${(content?.notices ?? []).map((notice) => html`<${Notice} notice=${notice} />`)}
    <div class="metrics">${[content?.primary_metric, ...(content?.metrics ?? [])].filter(Boolean).map((metric) => html`<${Metric} metric=${metric} />`)}</div>
    <p class="soft">As of <${Ago} at=${status.timestamp} /></p>
  </section>`;
}

function Answers({ deployment, chart }) {
  const inputs = chart.values_ui?.inputs ?? [];
  const config = deployment.config ?? {};
  const given = inputs.filter((input) => input.id in config);
  const undeclared = Object.keys(config).filter((key) => !inputs.some((input) => input.id === key));
  if (given.length + undeclared.length === 0) return html`<p class="soft">None given.</p>`;
  return html`<dl class="answers">
    ${given.map((input) => html`<dt dir="auto">${input.label}</dt><dd dir="auto"><${Answer} input=${input} value=${config[input.id]} /></dd>`)}
    ${undeclared.map((key) => html`<dt><code>${key}</code></dt><dd dir="auto"><code>${JSON.stringify(config[key])}</code></dd>`)}
  </dl>`;
}

/** An answer in the chart's words; sensitive ones are only said to be set. */
export function Answer({ input, value }) {
  if (value === undefined || value === null) return html`<span class="soft">not set</span>`;
  if (input.sensitive || (typeof value === "object" && "$encrypted" in value)) return html`<span class="soft">set</span>`;
  if (typeof value === "boolean") return value ? "Yes" : "No";
  const option = (input.options ?? []).find((one) => JSON.stringify(one.value) === JSON.stringify(value));
  if (option) return option.label || String(option.value);
  if (Array.isArray(value)) return value.map(String).join(", ");
  return typeof value === "object" ? html`<code>${JSON.stringify(value)}</code>` : String(value);
}
