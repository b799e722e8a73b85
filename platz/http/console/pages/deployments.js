/** The deployments of an environment: found, filtered and paged by the server. */

import { get } from "../api/request.js";
import { useRemote } from "../live/remote.js";
import { ClusterName } from "../parts/cluster_name.js";
import { Icon, KindMark } from "../parts/icon.js";
import { DeploymentStatus, Metric } from "../parts/status.js";
import { Empty, Shown } from "../parts/states.js";
import { Pager, Table } from "../parts/table.js";
import { PageHead } from "../parts/tabs.js";
import { Version } from "../parts/version.js";
import { address, changeQuery } from "../router.js";
import { clusterOf, clustersOf, envOf, kindOf, kinds } from "../session/catalogue.js";
import { html, useEffect, useRef } from "../view.js";
import { count, deploymentTitle } from "../words.js";

const FILTERS = ["name", "kind_id", "cluster_id", "status", "problem", "enabled"];
const STATES = ["Running", "Error", "Installing", "Upgrading", "Renaming", "Uninstalling", "Uninstalled", "Deleting", "Unknown"];

export function Deployments({ env: envId }) {
  const { query } = address.value;
  const asked = { env_id: envId, page: query.page, per_page: 50, ...Object.fromEntries(FILTERS.map((key) => [key, query[key]])) };
  const remote = useRemote((abort) => get("/deployments", asked, abort), [JSON.stringify(asked)], ["deployments"], (event) => event.env_id === envId);
  useEffect(() => {
    document.title = `Deployments · ${envOf(envId)?.name ?? ""} – Platz`;
  }, [envId]);
  const filtered = FILTERS.some((key) => query[key]);
  return html`
    <${PageHead} title="Deployments"><a class="button primary" href=${`/envs/${envId}/deployments/new`}><${Icon} name="add" />New deployment</a></${PageHead}>
    <${Filters} envId=${envId} query=${query} />
    <${Shown} remote=${remote} rows=${8}>${(answer) => html`
      <p class="hidden" role="status">${count(answer.num_total, "deployment")}</p>
      ${answer.items.length === 0
        ? html`<${Nothing} filtered=${filtered} envId=${envId} />`
        : html`<${Rows} rows=${answer.items} /><${Pager} answer=${answer} />`}
    `}</${Shown}>
  `;
}

function Filters({ envId, query }) {
  const timer = useRef(0);
  const search = (event) => {
    const name = event.target.value;
    clearTimeout(timer.current);
    timer.current = setTimeout(() => changeQuery({ name, page: "" }), 150);
  };
  const choose = (key) => (event) => changeQuery({ [key]: event.target.value, page: "" });
  return html`<form class="filters" role="search" onSubmit=${(event) => event.preventDefault()}>
    <label class="search"><${Icon} name="search" /><span class="hidden">Search by name</span>
      <input type="search" placeholder="Search by name" autocomplete="off" value=${query.name ?? ""} onInput=${search} /></label>
    <${Choice} title="Kind" value=${query.kind_id} choose=${choose("kind_id")} options=${(kinds.value ?? []).map((kind) => [kind.id, kind.name])} />
    <${Choice} title="Cluster" value=${query.cluster_id} choose=${choose("cluster_id")} options=${clustersOf(envId).map((cluster) => [cluster.id, cluster.name])} />
    <${Choice} title="State" value=${query.status} choose=${choose("status")} options=${STATES.map((state) => [state, state])} />
    <${Choice} title="Trouble" value=${query.problem} choose=${choose("problem")} options=${[["true", "With trouble"]]} />
    <${Choice} title="Enabled" value=${query.enabled} choose=${choose("enabled")} options=${[["true", "Enabled"], ["false", "Disabled"]]} />
    ${FILTERS.some((key) => query[key]) && html`<button type="button" class="small" onClick=${() => changeQuery({ ...Object.fromEntries(FILTERS.map((key) => [key, ""])), page: "" })}>Clear</button>`}
  </form>`;
}

function Choice({ title, value, options, choose }) {
  return html`<label><span class="hidden">${title}</span>
    <select value=${value ?? ""} onChange=${choose}>
      <option value="">${title}: all</option>
      ${options.map(([key, label]) => html`<option value=${key}>${label}</option>`)}
    </select>
  </label>`;
}

function Rows({ rows }) {
  const columns = [
    { title: "Name", cell: (row) => html`<a class="named" href=${`/deployments/${row.id}`}><${KindMark} name=${kindOf(row.kind_id)?.name} /><span dir="auto">${deploymentTitle(row, kindOf(row.kind_id))}</span></a>` },
    { title: "State", cell: (row) => html`<${DeploymentStatus} deployment=${row} />` },
    { title: "Kind", cell: (row) => kindOf(row.kind_id)?.name },
    { title: "Version", cell: (row) => html`<${Version} chartId=${row.helm_chart_id} />` },
    { title: "Cluster", cell: (row) => html`<${ClusterName} cluster=${clusterOf(row.cluster_id)} />` },
    { title: "Metric", cell: (row) => row.reported_status?.content?.primary_metric && html`<${Metric} metric=${row.reported_status.content.primary_metric} />` },
  ];
  return html`<${Table} caption="Deployments" columns=${columns} rows=${rows} dimmed=${(row) => !row.enabled} />`;
}

function Nothing({ filtered, envId }) {
  if (!filtered) {
    return html`<${Empty} title=${`Nothing is deployed in ${envOf(envId)?.name ?? "this environment"} yet.`}>
      <p><a class="button primary" href=${`/envs/${envId}/deployments/new`}>New deployment</a></p>
    </${Empty}>`;
  }
  return html`<${Empty} title="No deployment matches these filters." />`;
}
