/** One task: what it does, how far it is, and what came of it. */

import { get } from "../api/request.js";
import { useRemote } from "../live/remote.js";
import { CopyButton } from "../parts/buttons.js";
import { Status } from "../parts/status.js";
import { Shown } from "../parts/states.js";
import { PageHead } from "../parts/tabs.js";
import { Ago, Duration } from "../parts/time.js";
import { changesOf } from "../parts/delta.js";
import { VersionChange } from "../parts/version_change.js";
import { actorOf, clusterOf } from "../session/catalogue.js";
import { knownChart } from "../session/known_rows.js";
import { html, useEffect } from "../view.js";
import { operationOf, taskTitle } from "../words.js";
import { RetryButton, StopButton } from "./task_actions.js";
import { DeploymentLink } from "./task_list.js";

const HEADINGS = { Failed: "What went wrong", Done: "What Helm said" };

export function TaskPage({ id }) {
  const remote = useRemote((abort) => get(`/deployment-tasks/${id}`, {}, abort), [id], ["deployment_tasks"], (event) => event.data.id === id);
  return html`<${Shown} remote=${remote}>${(task) => html`<${Task} task=${task} />`}</${Shown}>`;
}

function Task({ task }) {
  const title = taskTitle(task);
  const { parameters } = operationOf(task);
  useEffect(() => {
    document.title = `${task.status === "Failed" ? "● Failed · " : ""}${title} – Platz`;
  }, [task.status]);
  return html`
    <${PageHead} title=${title} detail=${html`<${Status} status=${task.status} /><span>of <${DeploymentLink} id=${task.deployment_id} /></span><span>by ${actorOf(task)}</span>`}>
      <${StopButton} task=${task} />
      <${RetryButton} task=${task} />
      <a class="button" href=${`/deployments/${task.deployment_id}`}>The deployment</a>
    </${PageHead}>
    <ol class="steps">
      <${Step} done=${true} title="Asked for" at=${task.created_at} />
      ${task.execute_at !== task.created_at && html`<${Step} done=${Boolean(task.first_attempted_at)} title="Due" at=${task.execute_at} />`}
      <${Step} done=${Boolean(task.started_at)} busy=${task.status === "Pending"} title=${task.started_at ? "Started" : `Waits for cluster ${clusterOf(task.cluster_id)?.name ?? ""}`} at=${task.started_at} />
      <${Step} done=${Boolean(task.finished_at)} busy=${task.status === "Started"} title=${task.finished_at ? task.status : "Runs"} at=${task.finished_at}>
        <${Duration} from=${task.started_at} to=${task.finished_at} />
      </${Step}>
    </ol>
    ${task.repeats && html`<p>This repeats <a href=${`/tasks/${task.repeats}`}>an earlier task</a>.</p>`}
    ${parameters.reason && html`<p>Because: <span dir="auto">${parameters.reason}</span></p>`}
    <${VersionChange} from=${parameters.prev_helm_chart_id} to=${parameters.helm_chart_id} />
    ${parameters.config_delta && html`<${Delta} delta=${parameters.config_delta} chartId=${parameters.helm_chart_id} />`}
    ${task.reason && html`<section class=${`card ${task.status === "Failed" ? "bad" : ""}`}>
      <div class="card-head"><h2>${HEADINGS[task.status] ?? "What happened"}</h2><${CopyButton} text=${task.reason} /></div>
      <pre tabindex="0" dir="auto">${task.reason}</pre></section>`}
  `;
}

function Step({ done, busy = false, title, at, children }) {
  return html`<li class=${done ? "done" : busy ? "busy" : ""} aria-current=${busy ? "step" : undefined}><strong>${title}</strong> ${at && html`<${Ago} at=${at} />`} ${children}</li>`;
}

function Delta({ delta, chartId }) {
  const changes = changesOf(delta, knownChart(chartId).value);
  if (changes.length === 0) return null;
  return html`<section class="card"><h2>Changed inputs</h2><dl class="answers">
    ${changes.map(({ label, before, after }) => html`<dt dir="auto">${label}</dt><dd dir="auto"><del>${before}</del> → <ins>${after}</ins></dd>`)}
  </dl></section>`;
}
