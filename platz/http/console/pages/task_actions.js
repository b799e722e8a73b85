/** What a person can do with a task: stop it while it waits or runs, retry it when it failed or was cancelled. */

import { post } from "../api/request.js";
import { ActionButton } from "../parts/buttons.js";
import { navigate } from "../router.js";
import { html } from "../view.js";
import { operationOf } from "../words.js";

const UNSTOPPABLE = ["Uninstall"]; // Platz goes on until everything is removed
const SENT = ["InvokeAction"]; // a call that was sent can't be taken back

/** Whether somebody has asked to stop a task that still runs. */
export const isStopping = (task) =>
  task.status === "Started" && Boolean(task.canceled_by_user_id ?? task.canceled_by_bot_id ?? task.canceled_by_deployment_id);

export function StopButton({ task, className = "" }) {
  const { name } = operationOf(task);
  const runs = task.status === "Started";
  if (!(runs || task.status === "Pending") || UNSTOPPABLE.includes(name) || (runs && SENT.includes(name))) return null;
  if (isStopping(task)) return html`<span class="soft">is being stopped</span>`;
  const stop = () => post(`/deployment-tasks/${task.id}/stop`, { reason: runs ? null : "Cancelled in the console" });
  return html`<${ActionButton} className=${className} act=${stop}>${runs ? "Stop" : "Cancel"}</${ActionButton}>`;
}

/** Repeat the task with the same inputs, and go to the new one. */
export function RetryButton({ task, className = "" }) {
  if (!["Failed", "Canceled"].includes(task.status)) return null;
  const retry = async () => navigate(`/tasks/${(await post(`/deployment-tasks/${task.id}/retry`)).id}`);
  return html`<${ActionButton} className=${className} act=${retry}>Retry</${ActionButton}>`;
}
