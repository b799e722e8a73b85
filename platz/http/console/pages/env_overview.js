/** An environment at a glance: how it is, what needs attention, what changes now, what changed last. */

import { get } from "../api/request.js";
import { useRemote } from "../live/remote.js";
import { KindMark } from "../parts/icon.js";
import { DeploymentStatus } from "../parts/status.js";
import { Empty, Shown } from "../parts/states.js";
import { PageHead } from "../parts/tabs.js";
import { clusterOf, clustersOf, envOf, kindOf } from "../session/catalogue.js";
import { html, useEffect } from "../view.js";
import { count, deploymentTitle } from "../words.js";
import { TaskList } from "./task_list.js";

const MOST_TROUBLES = 10;
const ACTIVE = ["Pending", "Started"];

export function EnvOverview({ env: envId }) {
  const env = envOf(envId);
  const here = (event) => event.env_id === envId || event.table === "k8s_clusters";
  const counted = useRemote((abort) => counts(envId, abort), [envId], ["deployments", "k8s_clusters"], here);
  const tasks = useRemote((abort) => get("/deployment-tasks", { env_id: envId, show_future: false, per_page: 30 }, abort), [envId], ["deployment_tasks"], here);
  useEffect(() => {
    document.title = `${env?.name ?? "Environment"} – Platz`;
  }, [env?.name]);
  if (!env) return html`<${Empty} page=${true} title="You do not see this environment, or it does not exist." />`;
  return html`
    <${PageHead} title=${env.name}><a class="button primary" href=${`/envs/${envId}/deployments/new`}>New deployment</a></${PageHead}>
    <${Shown} remote=${counted}>${({ total, troubles }) => total === 0
      ? html`<${FirstSteps} env=${env} />`
      : html`<${TruthLine} total=${total} troubles=${troubles.num_total} tasks=${tasks.value.data?.items ?? []} envId=${envId} />
          <${Troubles} rows=${troubles.items} total=${troubles.num_total} envId=${envId} />`}</${Shown}>
    <${Shown} remote=${tasks}>${({ items }) => html`<${Changes} items=${items} envId=${envId} />`}</${Shown}>
  `;
}

async function counts(envId, abort) {
  const [every, troubles] = await Promise.all([
    get("/deployments", { env_id: envId, per_page: 0 }, abort),
    get("/deployments", { env_id: envId, problem: true, per_page: MOST_TROUBLES }, abort),
  ]);
  return { total: every.num_total, troubles };
}

function Changes({ items, envId }) {
  const active = items.filter((task) => ACTIVE.includes(task.status));
  const ended = items.filter((task) => !ACTIVE.includes(task.status)).slice(0, 10);
  return html`
    ${active.length > 0 && html`<section><h2>Changing now</h2><${TaskList} tasks=${active} caption="Tasks under way" /></section>`}
    ${ended.length > 0 && html`<section><h2>Last changes</h2><${TaskList} tasks=${ended} caption="The last changes" />
      <p><a href=${`/envs/${envId}/activity`}>All activity</a></p></section>`}
  `;
}

function TruthLine({ total, troubles, tasks, envId }) {
  const changing = new Set(tasks.filter((task) => ACTIVE.includes(task.status)).map((task) => task.deployment_id)).size;
  const away = clustersOf(envId).filter((cluster) => !cluster.is_ok);
  const parts = [
    count(total, "deployment"),
    troubles ? `${troubles} with trouble` : "none with trouble",
    changing && `${changing} changing`,
    away.length && `${count(away.length, "cluster")} not answering`,
  ];
  return html`<p class="truth"><a href=${`/envs/${envId}/deployments`}>${parts.filter(Boolean).join(" · ")}</a></p>`;
}

function Troubles({ rows, total, envId }) {
  if (total === 0) return null;
  return html`<section><h2>Needs attention</h2>
    <ul class="list">${rows.map((row) => html`<li key=${row.id}>
      <a href=${`/deployments/${row.id}`}><${KindMark} name=${kindOf(row.kind_id)?.name} /><strong dir="auto">${deploymentTitle(row, kindOf(row.kind_id))}</strong></a>
      <${DeploymentStatus} deployment=${row} />
      <p class="soft cut" dir="auto">${reasonOf(row)}</p>
    </li>`)}</ul>
    ${total > rows.length && html`<p><a href=${`/envs/${envId}/deployments?problem=true`}>All ${total}</a></p>`}
  </section>`;
}

function reasonOf(row) {
  const cluster = clusterOf(row.cluster_id);
  if (row.status === "Error") return row.reason ?? "";
  if (cluster?.is_ok === false) return `Cluster ${cluster.name} does not answer: ${cluster.not_ok_reason ?? ""}`;
  return row.reported_status?.content?.notices?.[0]?.text ?? "";
}

function FirstSteps({ env }) {
  const clusters = clustersOf(env.id);
  return html`<${Empty} title=${`Nothing is deployed in ${env.name} yet.`}>
    ${clusters.length === 0
      ? html`<p>No cluster belongs to ${env.name}. A site admin can <a href="/admin/clusters">assign one</a>.</p>`
      : html`<p>${count(clusters.length, "cluster is", "clusters are")} ready: ${clusters.map((one) => one.name).join(", ")}.</p>
          <p><a class="button primary" href=${`/envs/${env.id}/deployments/new`}>New deployment</a> <a class="button" href="/charts">See the charts</a></p>`}
  </${Empty}>`;
}
