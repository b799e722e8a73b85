/** The way back to an earlier revision, with what it would do. */

import { post } from "../../api/request.js";
import { Confirm } from "../../parts/dialog.js";
import { Ago } from "../../parts/time.js";
import { Version } from "../../parts/version.js";
import { navigate } from "../../router.js";
import { html, useSignal } from "../../view.js";
import { operationOf } from "../../words.js";
import { PreviewAsked } from "./preview_answer.js";

export function RollBack({ deployment, task, close }) {
  const { parameters } = operationOf(task);
  const shown = useSignal(null);
  const path = `/deployments/${deployment.id}`;
  const act = async () => {
    await post(`${path}/rollback`, { revision_id: task.id, preview_id: shown.value?.preview_id });
    navigate(path);
  };
  return html`<${Confirm} title="Roll back to this revision?" verb="Roll back" close=${close} act=${act}>
    <p>The deployment gets version <${Version} chartId=${parameters.helm_chart_id} /> of its chart with the inputs and the override of <${Ago} at=${task.execute_at} />. The present ones stay in the history.</p>
    <${PreviewAsked} path=${`${path}/preview`} body=${{ revision_id: task.id }} folded=${true} told=${(answer) => (shown.value = answer)} />
  </${Confirm}>`;
}
