/** What happened to a deployment, newest first, and the way back to an earlier version. */

import { get } from "../api/request.js";
import { useRemote } from "../live/remote.js";
import { NeedsRight } from "../parts/allowed.js";
import { changesOf } from "../parts/delta.js";
import { later } from "../parts/later.js";
import { Status } from "../parts/status.js";
import { Empty, Shown } from "../parts/states.js";
import { Pager, Table } from "../parts/table.js";
import { Ago, Duration } from "../parts/time.js";
import { Version } from "../parts/version.js";
import { address } from "../router.js";
import { actorOf } from "../session/catalogue.js";
import { knownChart } from "../session/known_rows.js";
import { html, useSignal } from "../view.js";
import { operationOf, taskTitle } from "../words.js";

const RollBack = later(() => import("./previews/roll_back.js"), "RollBack");
const MOST_SHOWN = 3; // changed inputs of a row

export function HistoryTab({ deployment, cluster }) {
  const { page } = address.value.query;
  const remote = useRemote((abort) => get("/deployment-tasks", { deployment_id: deployment.id, per_page: 50, page }, abort),
    [deployment.id, page], ["deployment_tasks"], (event) => event.env_id === cluster?.env_id);
  const back = useSignal(null);
  const columns = [
    { title: "What", cell: (task) => html`<a href=${`/tasks/${task.id}`}>${taskTitle(task)}</a> <${Delta} task=${task} />` },
    { title: "Version", cell: (task) => operationOf(task).parameters.helm_chart_id && html`<${Version} chartId=${operationOf(task).parameters.helm_chart_id} />` },
    { title: "Result", className: "nowrap", cell: (task) => html`<${Status} status=${task.status} />` },
    { title: "By", className: "by", cell: (task) => html`<span dir="auto">${actorOf(task)}</span>` },
    { title: "When", className: "nowrap", cell: (task) => html`<${Ago} at=${task.execute_at} />` },
    { title: "Took", className: "nowrap", cell: (task) => html`<${Duration} from=${task.started_at} to=${task.finished_at} />` },
    { title: "", cell: (task) => isRevision(task) && task.id !== deployment.revision_id && html`<span class="revision-buttons">
      ${deployment.revision_id && html`<a class="button small" href=${`/deployments/${deployment.id}/compare?a=${task.id}&b=${deployment.revision_id}`}>Compare</a>`}
      <${NeedsRight} verdict=${deployment.allowed?.roll_back} label="Roll back to this" className="small">
        <button type="button" class="small" onClick=${() => (back.value = task)}>Roll back to this</button></${NeedsRight}></span>` },
  ];
  return html`
    <${Shown} remote=${remote}>${(answer) => answer.items.length === 0
      ? html`<${Empty} title="Nothing has happened yet." />`
      : html`<${Table} caption="History" columns=${columns} rows=${answer.items} /><${Pager} answer=${answer} />`}</${Shown}>
    ${back.value && html`<${RollBack} deployment=${deployment} task=${back.value} close=${() => (back.value = null)} />`}
  `;
}

const isRevision = (task) => task.status === "Done" && ["Install", "Upgrade"].includes(operationOf(task).name);

function Delta({ task }) {
  const { config_delta: delta, helm_chart_id: chartId } = operationOf(task).parameters;
  if (!delta) return null;
  const changes = changesOf(delta, knownChart(chartId).value);
  const first = changes.slice(0, MOST_SHOWN).map(({ label, before, after }) => `${label}: ${before} → ${after}`);
  return html`<span class="soft" dir="auto">${first.join(", ")}${changes.length > MOST_SHOWN ? ` and ${changes.length - MOST_SHOWN} more` : ""}</span>`;
}
