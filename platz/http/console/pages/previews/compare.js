/** Two revisions of a deployment side by side, and the way back to the first. */

import { get } from "../../api/request.js";
import { useRemote } from "../../live/remote.js";
import { NeedsRight } from "../../parts/allowed.js";
import { Empty, Shown } from "../../parts/states.js";
import { PageHead } from "../../parts/tabs.js";
import { Ago } from "../../parts/time.js";
import { address } from "../../router.js";
import { clusterOf, kindOf } from "../../session/catalogue.js";
import { lookAt } from "../../session/current_env.js";
import { html, useEffect, useSignal } from "../../view.js";
import { deploymentTitle } from "../../words.js";
import { readDeployment } from "../deployment.js";
import { DifferenceList } from "./difference_list.js";
import { RollBack } from "./roll_back.js";

/** `/deployments/{id}/compare?a&b`. */
export function ComparePage({ id }) {
  const { a, b } = address.value.query;
  const remote = useRemote((abort) => readComparison(id, { a, b }, abort), [id, a, b]);
  return html`<${Shown} remote=${remote}>${(data) => html`<${Comparison} ...${data} />`}</${Shown}>`;
}

async function readComparison(id, revisions, abort) {
  const answer = await get(`/deployments/${id}/compare`, revisions, abort);
  const [{ deployment }, first] = await Promise.all([readDeployment(id, abort), get(`/deployment-tasks/${answer.a.revision_id}`, {}, abort)]);
  return { answer, deployment, first };
}

function Comparison({ answer, deployment, first }) {
  const asking = useSignal(false);
  const title = deploymentTitle(deployment, kindOf(deployment.kind_id));
  useEffect(() => {
    lookAt(clusterOf(deployment.cluster_id)?.env_id);
    document.title = `Revisions of ${title} – Platz`;
  }, [title]);
  return html`<${PageHead} title=${`Revisions of ${title}`} detail=${html`<a href=${`/deployments/${deployment.id}/history`}>Back to the history</a>`} />
    <section class="card preview">
      <dl class="answers">
        <dt>From</dt><dd><${Revision} one=${answer.a} />${first.id !== deployment.revision_id && html`<${NeedsRight} verdict=${deployment.allowed?.roll_back} label="Roll back to this" className="small">
          <button type="button" class="small" onClick=${() => (asking.value = true)}>Roll back to this</button></${NeedsRight}>`}</dd>
        <dt>To</dt><dd><${Revision} one=${answer.b} />${answer.b.revision_id === deployment.revision_id && html`<span class="pill">present</span>`}</dd>
      </dl>
      ${isSame(answer) ? html`<${Empty} title="Nothing differs." />` : html`<${DifferenceList} answer=${answer} />`}
    </section>
    ${asking.value && html`<${RollBack} deployment=${deployment} task=${first} close=${() => (asking.value = false)} />`}`;
}

function Revision({ one }) {
  return html`<a href=${`/tasks/${one.revision_id}`}>${one.operation} ${one.version ?? "of a chart that is gone"}</a> <span class="soft"><${Ago} at=${one.created_at} /></span> `;
}

function isSame(answer) {
  return [answer.inputs, answer.override, answer.values, answer.objects].every((list) => list && list.length === 0);
}
