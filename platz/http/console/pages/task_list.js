/** Tasks as a table: what, on which deployment, by whom, when, with what result. */

import { Status } from "../parts/status.js";
import { Table } from "../parts/table.js";
import { Ago, Duration } from "../parts/time.js";
import { actorOf, kindOf } from "../session/catalogue.js";
import { knownDeployment } from "../session/known_rows.js";
import { html } from "../view.js";
import { deploymentTitle, taskTitle } from "../words.js";

/** The deployment of a task, as a link. */
export function DeploymentLink({ id }) {
  const row = knownDeployment(id).value;
  if (row === null) return html`<span class="soft">a deployment that is gone</span>`;
  return html`<a href=${`/deployments/${id}`} dir="auto">${row ? deploymentTitle(row, kindOf(row.kind_id)) : "…"}</a>`;
}

/** A table of tasks; without the column of the deployment on a deployment's own page. */
export function TaskList({ tasks, caption, ofOne = false }) {
  const columns = [
    { title: "What", cell: (task) => html`<a href=${`/tasks/${task.id}`}>${taskTitle(task)}</a>` },
    !ofOne && { title: "Deployment", cell: (task) => html`<${DeploymentLink} id=${task.deployment_id} />` },
    { title: "State", cell: (task) => html`<${Status} status=${task.status} />` },
    { title: "By", cell: (task) => html`<span dir="auto">${actorOf(task)}</span>` },
    { title: "When", cell: (task) => html`<${Ago} at=${task.execute_at} />` },
    { title: "Took", cell: (task) => html`<${Duration} from=${task.started_at} to=${task.finished_at} />` },
  ].filter(Boolean);
  return html`<${Table} caption=${caption} columns=${columns} rows=${tasks} />`;
}
