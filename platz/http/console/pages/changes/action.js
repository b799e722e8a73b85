/** An action of a chart: its form, and its invocation on a running deployment. */

import { post } from "../../api/request.js";
import { useAnswers } from "../../forms/answers.js";
import { Form, ProblemSummary } from "../../forms/form.js";
import { useRemote } from "../../live/remote.js";
import { useSending } from "../../parts/sending.js";
import { Empty, Problem, Shown } from "../../parts/states.js";
import { PageHead } from "../../parts/tabs.js";
import { navigate } from "../../router.js";
import { clusterOf, kindOf } from "../../session/catalogue.js";
import { html, useEffect } from "../../view.js";
import { deploymentTitle } from "../../words.js";
import { actionsOf, readDeployment } from "../deployment.js";

export function ActionPage({ id, action: actionId }) {
  const remote = useRemote((abort) => readDeployment(id, abort), [id]);
  return html`<${Shown} remote=${remote}>${({ deployment, chart }) => {
    const action = actionsOf(chart).find((one) => one.id === actionId);
    return action
      ? html`<${Action} deployment=${deployment} chart=${chart} action=${action} />`
      : html`<${Empty} page=${true} title="This version of the chart has no such action."><p><a href=${`/deployments/${id}`}>To the deployment</a></p></${Empty}>`;
  }}</${Shown}>`;
}

function Action({ deployment, chart, action }) {
  const form = useAnswers(action.ui_schema, `/helm-charts/${chart.id}/form`, null, { action_id: action.id });
  const title = deploymentTitle(deployment, kindOf(deployment.kind_id));
  useEffect(() => {
    document.title = `${action.title} · ${title} – Platz`;
  }, [action.id]);
  const { busy, error, send } = useSending(async () => {
    form.showProblems.value = true;
    if (!(await form.check())) return;
    const operation = { InvokeAction: { helm_chart_id: chart.id, action_id: action.id, body: form.answers.value } };
    const task = await post("/deployment-tasks", { deployment_id: deployment.id, operation });
    navigate(`/tasks/${task.id}`);
  });
  return html`<${PageHead} title=${action.title} detail=${html`of <a href=${`/deployments/${deployment.id}`}>${title}</a>`} />
    <p dir="auto">${action.description}</p>
    <form class="card narrow" onSubmit=${send}>
      ${(action.ui_schema?.inputs ?? []).length > 0 && html`<${Form} form=${form} envId=${clusterOf(deployment.cluster_id)?.env_id} />`}
      <${ProblemSummary} form=${form} />
      ${error.value && html`<${Problem} error=${error.value} />`}
      <div class="buttons end"><a class="button" href=${`/deployments/${deployment.id}`}>Leave</a>
        <button type="submit" class=${action.dangerous ? "danger" : "primary"} disabled=${busy.value}>${action.title}</button></div>
    </form>`;
}
