/** Everything at a glance: how it is, what needs attention, what changes now, what changed last, which versions run. */

import { get } from "../api/request.js";
import { useRemote } from "../live/remote.js";
import { Icon, KindMark } from "../parts/icon.js";
import { Shown } from "../parts/states.js";
import { Status } from "../parts/status.js";
import { Ago, Duration } from "../parts/time.js";
import { actorOf, envOf } from "../session/catalogue.js";
import { me } from "../session/identity.js";
import { html } from "../view.js";
import { count, operationTitle } from "../words.js";

const TABLES = ["deployments", "deployment_tasks", "k8s_clusters", "k8s_resources"];

/** An environment, or everything that the person sees; `empty` is shown where nothing is deployed. */
export function Glance({ envId, empty }) {
  const remote = useRemote((abort) => get("/overview", { env_id: envId }, abort), [envId], TABLES, (event) => !envId || !event.env_id || event.env_id === envId);
  return html`<${Shown} remote=${remote}>${(told) => html`
    ${told.counts.deployments === 0 ? empty : html`<${TruthLine} counts=${told.counts} envId=${envId} />`}
    <${Attention} rows=${told.attention} total=${told.num_attention} envId=${envId} calm=${told.counts.deployments > 0} />
    <${Changes} title="Changing now" rows=${told.changing} envId=${envId} />
    <${Changes} title="Last changes" rows=${told.last_changes.slice(0, 8)} envId=${envId}>
      ${envId && html`<p><a href=${`/envs/${envId}/activity`}>All activity</a></p>`}
    </${Changes}>
    <${Versions} rows=${told.versions} envId=${envId} />`}</${Shown}>`;
}

/** The list of deployments, in an environment or in all, with these filters. */
export function deploymentsAt(envId, filters = {}) {
  const query = new URLSearchParams(filters).toString();
  return `${envId ? `/envs/${envId}` : ""}/deployments${query ? `?${query}` : ""}`;
}

function TruthLine({ counts, envId }) {
  const fine = counts.deployments - counts.problems - counts.disabled;
  const parts = [
    ["", count(counts.deployments, "deployment"), {}],
    ["good", `${fine.toLocaleString()} fine`, { problem: "false", enabled: "true" }],
    counts.problems && ["bad", `${counts.problems.toLocaleString()} with trouble`, { problem: "true" }],
    counts.disabled && ["quiet", `${counts.disabled.toLocaleString()} disabled`, { enabled: "false" }],
  ].filter(Boolean);
  return html`<ul class="truth">
    ${parts.map(([look, words, filters]) => html`<li><a class=${look} href=${deploymentsAt(envId, filters)}>${words}</a></li>`)}
    ${counts.changing > 0 && html`<li class="busy">${counts.changing} changing</li>`}
    ${counts.clusters_away > 0 && html`<li class="bad">${count(counts.clusters_away, "cluster")} not answering</li>`}
  </ul>`;
}

const LOOKS = {
  Failed: ["bad", "error", "Failed"],
  ClusterAway: ["bad", "cluster", "No answer"],
  NotReady: ["bad", "alert", "Not ready"],
  ReportedDanger: ["bad", "alert", "In danger"],
  TaskWaits: ["warn", "clock", "Waits"],
  ReportedWarning: ["warn", "alert", "Warning"],
};

function Attention({ rows, total, envId, calm }) {
  if (rows.length === 0) return calm && html`<p class="calm good"><${Icon} name="check" />Nothing needs attention.</p>`;
  return html`<section><h2>Needs attention</h2>
    <ul class="list troubles">${rows.map((row) => html`<li key=${row.task_id ?? row.deployment?.id ?? row.cluster.id}><${TroubleRow} row=${row} envId=${envId} /></li>`)}</ul>
    ${total > rows.length && html`<p><a href=${deploymentsAt(envId, { problem: "true" })}>All ${total}</a></p>`}
  </section>`;
}

function TroubleRow({ row, envId }) {
  const [look, icon, word] = LOOKS[row.problem] ?? LOOKS.ReportedWarning;
  const action = actionOf(row);
  return html`
    <span class=${`status ${look}`}><${Icon} name=${icon} />${word}</span>
    <span class="trouble-name">
      ${row.deployment ? html`<${Name} row=${row} envId=${envId} />` : html`<strong dir="auto">${row.cluster.name}</strong>`}
    </span>
    <span class="trouble-reason"><span class="cut" dir="auto">${row.reason}</span>${row.since && html`<span class="soft"><${Ago} at=${row.since} /></span>`}</span>
    ${action ? html`<a class="button small" href=${action[1]}>${action[0]}</a>` : html`<span></span>`}`;
}

function actionOf(row) {
  switch (row.action) {
    case "SeeTask":
      return row.task_id ? ["See the task", `/tasks/${row.task_id}`] : ["See the history", `/deployments/${row.deployment.id}/history`];
    case "SeeCluster":
      return me.value?.is_admin ? ["See the clusters", "/admin/clusters"] : row.env && ["Its deployments", deploymentsAt(row.env.id, { cluster_id: row.cluster.id })];
    case "SeeWorkloads":
      return ["See workloads", `/deployments/${row.deployment.id}/workloads`];
    default:
      return ["See its status", `/deployments/${row.deployment.id}`];
  }
}

function Name({ row, envId }) {
  const { id, name, kind } = row.deployment;
  return html`<a href=${`/deployments/${id}`}><${KindMark} name=${kind} /><span><strong dir="auto">${name || kind}</strong>
    ${!envId && row.env && html`<span class="soft" dir="auto">${row.env.name}</span>`}</span></a>`;
}

function Changes({ title, rows, envId, children }) {
  if (rows.length === 0) return null;
  return html`<section><h2>${title}</h2>
    <ul class="list changes">${rows.map((row) => html`<li key=${row.id}>
      <${Name} row=${row} envId=${envId} />
      <span><a href=${`/tasks/${row.id}`}>${operationTitle(row.operation)}</a> <span class="soft" dir="auto">by ${actorOf(row)}</span></span>
      <${Status} status=${row.status} />
      <span class="soft">${row.status === "Started" ? html`<${Duration} from=${row.started_at} />` : html`<${Ago} at=${row.finished_at ?? row.execute_at} />`}</span>
    </li>`)}</ul>${children}
  </section>`;
}

const MOST_KINDS = 6;
const MOST_VERSIONS = 5;

function Versions({ rows, envId }) {
  if (rows.length === 0) return null;
  const kinds = [...Map.groupBy(rows, (row) => row.kind_id).values()].sort((one, other) => total(other) - total(one));
  const list = (some) => html`<ul class="list versions">${some.map((its) => html`<li key=${its[0].kind_id}><${KindVersions} rows=${its} envId=${envId} /></li>`)}</ul>`;
  return html`<section><h2>Versions</h2>
    ${list(kinds.slice(0, MOST_KINDS))}
    ${kinds.length > MOST_KINDS && html`<details><summary>${count(kinds.length - MOST_KINDS, "more kind")}</summary>${list(kinds.slice(MOST_KINDS))}</details>`}
  </section>`;
}

const total = (rows) => rows.reduce((sum, row) => sum + row.count, 0);

function KindVersions({ rows, envId }) {
  const [{ kind, kind_id: id, num_versions: every }] = rows;
  return html`<a href=${deploymentsAt(envId, { kind_id: id })}><${KindMark} name=${kind} /><strong dir="auto">${kind}</strong></a>
    <span class="chips">
      ${rows.slice(0, MOST_VERSIONS).map((row) => html`<a key=${row.version} class="pill" href=${deploymentsAt(envId, { kind_id: id, version: row.version })}><code dir="auto">${row.version}</code><span class="hidden">on</span> <strong>${row.count.toLocaleString()}</strong></a>`)}
      ${every > MOST_VERSIONS && html`<a class="more" href=${deploymentsAt(envId, { kind_id: id, sort: "-version" })}>${every - MOST_VERSIONS} more</a>`}
    </span>`;
}

/** The name of the environment that a page shows. */
export const envTitle = (envId) => (envId ? (envOf(envId)?.name ?? "") : "All environments");
