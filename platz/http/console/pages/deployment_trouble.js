/** What a deployment's page says under its head while something runs or is wrong. */

import { get } from "../api/request.js";
import { useRemote } from "../live/remote.js";
import { Icon } from "../parts/icon.js";
import { Duration } from "../parts/time.js";
import { actorOf } from "../session/catalogue.js";
import { html } from "../view.js";
import { taskTitle } from "../words.js";
import { RetryButton, StopButton } from "./task_actions.js";

const LONG = 240; // characters of a reason that are shown unfolded

export function Trouble({ deployment, cluster }) {
  const remote = useRemote((abort) => get("/deployment-tasks", { deployment_id: deployment.id, per_page: 5, show_future: false }, abort),
    [deployment.id], ["deployment_tasks"], (event) => event.env_id === cluster?.env_id);
  const tasks = remote.value.data?.items ?? [];
  const running = tasks.filter((task) => ["Pending", "Started"].includes(task.status));
  return html`
    ${cluster && !cluster.is_ok && html`<div class="strip warn"><${Icon} name="alert" /><div>
      <p><strong>Cluster ${cluster.name} does not answer.</strong> What you see here may be old. <span class="soft" dir="auto">${cluster.not_ok_reason}</span></p></div></div>`}
    ${running.map((task) => html`<${Running} key=${task.id} task=${task} />`)}
    ${running.length === 0 && deployment.status === "Error" && html`<${Failed} deployment=${deployment} task=${tasks.find((task) => ["Failed", "Canceled"].includes(task.status))} />`}
  `;
}

function Running({ task }) {
  const waits = task.status === "Pending";
  return html`<div class="strip busy" role="status"><${Icon} name=${waits ? "clock" : "busy"} turning=${!waits} /><div>
    <p><a href=${`/tasks/${task.id}`}><strong>${taskTitle(task)}</strong></a> ${waits ? "waits for its turn" : html`runs for <${Duration} from=${task.started_at} />`}
      <span class="soft"> · by ${actorOf(task)}</span> <${StopButton} task=${task} className="small" /></p>
    ${task.reason && html`<p class="soft cut" dir="auto">${task.reason}</p>`}</div></div>`;
}

function Failed({ deployment, task }) {
  const reason = deployment.reason || task?.reason || "The last change failed.";
  const short = reason.length > LONG ? `${reason.slice(0, LONG)} …` : reason;
  return html`<div class="strip bad" role="alert"><${Icon} name="error" /><div>
    <p class="reason" dir="auto">${short}</p>
    ${reason.length > LONG && html`<details><summary>All of it</summary><pre dir="auto">${reason}</pre></details>`}
    <p>${task && html`<${RetryButton} task=${task} className="small" /> <a href=${`/tasks/${task.id}`}>See the task</a> · `}<a href=${`/deployments/${deployment.id}/change`}>Change the config</a> · <a href=${`/deployments/${deployment.id}/history`}>Go back to an earlier version</a></p>
  </div></div>`;
}
