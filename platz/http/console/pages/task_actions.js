/** Stop a task that waits or runs, retry one that failed; the server says when it can't be done. */

import { post } from "../api/request.js";
import { ActionButton } from "../parts/buttons.js";
import { navigate } from "../router.js";
import { html } from "../view.js";

export function StopButton({ task, className }) {
  if (!["Pending", "Started"].includes(task.status)) return null;
  const asked = task.canceled_by_user_id ?? task.canceled_by_bot_id ?? task.canceled_by_deployment_id;
  if (asked) return html`<span class="soft">is being stopped</span>`;
  return html`<${ActionButton} className=${className} act=${() => post(`/deployment-tasks/${task.id}/stop`)}>Stop</${ActionButton}>`;
}

export function RetryButton({ task, className }) {
  if (!["Failed", "Canceled"].includes(task.status)) return null;
  const retry = async () => navigate(`/tasks/${(await post(`/deployment-tasks/${task.id}/retry`)).id}`);
  return html`<${ActionButton} className=${className} act=${retry}>Retry</${ActionButton}>`;
}
