/** The workloads of a deployment, each of which can be restarted. */

import { get, post } from "../api/request.js";
import { useRemote } from "../live/remote.js";
import { NeedsRight } from "../parts/allowed.js";
import { ActionButton } from "../parts/buttons.js";
import { Replicas } from "../parts/status.js";
import { Empty, Shown } from "../parts/states.js";
import { Table } from "../parts/table.js";
import { Ago } from "../parts/time.js";
import { html } from "../view.js";
import { RESTARTABLE } from "../words.js";

export function WorkloadsTab({ deployment }) {
  const remote = useRemote((abort) => get("/k8s-resources", { deployment_id: deployment.id, per_page: 1000 }, abort), [deployment.id], ["k8s_resources"]);
  const restart = (row) => post("/deployment-tasks", { deployment_id: deployment.id, operation: { RestartK8sResource: { resource_id: row.id, resource_name: row.name } } });
  const columns = [
    { title: "Name", cell: (row) => html`<span dir="auto">${row.name}</span>` },
    { title: "Kind", cell: (row) => row.kind },
    { title: "Replicas", cell: (row) => html`<${Replicas} kind=${row.kind} colors=${row.status_color} />` },
    { title: "Changed", cell: (row) => html`<${Ago} at=${row.last_updated_at} />` },
    { title: "", cell: (row) => RESTARTABLE.includes(row.kind) && html`<${NeedsRight} verdict=${deployment.allowed?.restart} label="Restart" className="small"><${ActionButton} className="small" act=${() => restart(row)}>Restart</${ActionButton}></${NeedsRight}>` },
  ];
  return html`
    <${Shown} remote=${remote}>${({ items }) => items.length === 0
      ? html`<${Empty} title="No workloads have been seen in this deployment's namespace." />`
      : html`<${Table} caption="Workloads" columns=${columns} rows=${items} />`}</${Shown}>
  `;
}
