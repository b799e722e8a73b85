/** The deployments of an environment, or of all: found, filtered, counted, sorted and paged by the server. */

import { get } from "../api/request.js";
import { useRemote } from "../live/remote.js";
import { ClusterName } from "../parts/cluster_name.js";
import { Icon, KindMark } from "../parts/icon.js";
import { DeploymentStatus, Metric } from "../parts/status.js";
import { Empty, Shown } from "../parts/states.js";
import { Pager, Table } from "../parts/table.js";
import { PageHead } from "../parts/tabs.js";
import { Ago } from "../parts/time.js";
import { VersionOf } from "../parts/version.js";
import { address, changeQuery } from "../router.js";
import { actorOf } from "../session/catalogue.js";
import { html, useEffect } from "../view.js";
import { count, deploymentTitle, operationTitle, versionOf } from "../words.js";
import { FILTERS, Filters, isFiltered, withoutFilters } from "./deployment_filters.js";
import { envTitle } from "./glance.js";

const TABLES = ["deployments", "deployment_tasks", "k8s_clusters", "k8s_resources", "helm_charts"];

export function Deployments({ env: envId }) {
  const { query } = address.value;
  const asked = { ...Object.fromEntries(["q", "sort", "page", ...FILTERS].map((key) => [key, query[key]])), per_page: 50, ...(envId ? { env_id: envId } : {}) };
  const remote = useRemote((abort) => get("/overview/deployments", asked, abort), [JSON.stringify(asked)], TABLES, (event) => !envId || !event.env_id || event.env_id === envId);
  useEffect(() => {
    document.title = `Deployments · ${envTitle(envId)} – Platz`;
  }, [envId]);
  return html`
    <${PageHead} title="Deployments" detail=${!envId && html`<span>In all environments</span>`}>
      ${envId && html`<a class="button primary" href=${`/envs/${envId}/deployments/new`}><${Icon} name="add" />New deployment</a>`}</${PageHead}>
    <${Filters} facets=${remote.value.data?.facets} query=${query} envId=${envId} />
    <${Shown} remote=${remote} rows=${8}>${(answer) => html`
      <p class="soft found" role="status">${count(answer.num_total, "deployment")}</p>
      ${answer.items.length === 0
        ? html`<${Nothing} filtered=${isFiltered(query)} envId=${envId} />`
        : html`<${Rows} rows=${answer.items} envId=${envId} /><${Pager} answer=${answer} />`}
    `}</${Shown}>
  `;
}

function Rows({ rows, envId }) {
  const columns = [
    { title: "Name", sort: "name", className: "name", cell: (row) => html`<a class="named" href=${`/deployments/${row.id}`}><${KindMark} name=${row.kind.name} /><span dir="auto">${deploymentTitle(row, row.kind)}</span></a>` },
    { title: "State", sort: "status", className: "state", cell: (row) => html`<${State} row=${row} />` },
    { title: "Kind", sort: "kind", className: "nowrap", cell: (row) => html`<span dir="auto">${row.kind.name}</span>` },
    { title: "Version", sort: "version", className: "nowrap its", cell: (row) => html`<${Its} row=${row} />` },
    !envId && { title: "Environment", cell: (row) => html`<span dir="auto">${row.env?.name ?? ""}</span>` },
    { title: "Cluster", sort: "cluster", className: "nowrap", cell: (row) => html`<${ClusterName} cluster=${row.cluster} />` },
    rows.some(metricOf) && { title: "Metric", cell: (row) => metricOf(row) && html`<${Metric} metric=${metricOf(row)} />` },
    { title: "Changed", sort: "changed", cell: (row) => row.last_task && html`<${Changed} task=${row.last_task} />` },
    { title: "", className: "end", cell: (row) => row.url && html`<a class="button small" href=${row.url} target="_blank" rel="noopener noreferrer">Open<span class="hidden"> ${deploymentTitle(row, row.kind)}</span><${Icon} name="open" /></a>` },
  ].filter(Boolean);
  return html`<${Table} caption="Deployments" columns=${columns} rows=${rows} dimmed=${(row) => !row.enabled} />`;
}

const metricOf = (row) => row.reported_status?.content?.primary_metric;

function State({ row }) {
  const worst = row.problems[0];
  const last = row.cluster.is_ok ? html`<${DeploymentStatus} deployment=${row} />` : html`<span class="status quiet"><${Icon} name="unknown" />was ${row.status}</span>`;
  return html`${last}
    ${worst?.problem === "NotReady" && html` <span class="pill bad" title=${worst.reason}>${row.workloads.ready} of ${row.workloads.replicas} ready</span>`}
    ${worst?.reason && worst.problem !== "NotReady" && html`<span class="soft cut under" dir="auto" title=${worst.reason}>${worst.reason}</span>`}`;
}

function Its({ row }) {
  return html`<${VersionOf} chart=${row.chart} />
    ${row.newer_chart && html`<a class="newer" href=${`/deployments/${row.id}/change?chart=${row.newer_chart.id}`} title=${`${versionOf(row.newer_chart)} is newer on its branch`}><${Icon} name="up" /><span class="hidden">Newer: </span>${versionOf(row.newer_chart)}</a>`}`;
}

function Changed({ task }) {
  return html`<a class="plain" href=${`/tasks/${task.id}`}><${Ago} at=${task.finished_at ?? task.started_at ?? task.execute_at} /></a>
    <span class="soft under one-line" dir="auto">${operationTitle(task.operation)} by ${actorOf(task)}</span>`;
}

function Nothing({ filtered, envId }) {
  if (!filtered) {
    return html`<${Empty} title=${`Nothing is deployed in ${envId ? envTitle(envId) : "any environment"} yet.`}>
      ${envId && html`<p><a class="button primary" href=${`/envs/${envId}/deployments/new`}>New deployment</a></p>`}
    </${Empty}>`;
  }
  return html`<${Empty} title="No deployment matches these filters.">
    <p><button type="button" onClick=${() => changeQuery(withoutFilters())}>Clear the filters</button></p></${Empty}>`;
}
