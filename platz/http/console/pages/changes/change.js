/** New deployment, and the change of one: what and where, the chart's form, the override. One page for both. */

import { all, get, post, put } from "../../api/request.js";
import { carriedOver, useAnswers } from "../../forms/answers.js";
import { Form, ProblemSummary } from "../../forms/form.js";
import { useRemote } from "../../live/remote.js";
import { useSending } from "../../parts/sending.js";
import { Empty, Problem, Shown } from "../../parts/states.js";
import { PageHead } from "../../parts/tabs.js";
import { address, navigate } from "../../router.js";
import { clusterOf, envOf, kindOf } from "../../session/catalogue.js";
import { lookAt } from "../../session/current_env.js";
import { html, useEffect, useMemo, useRef, useSignal } from "../../view.js";
import { deploymentTitle, versionOf } from "../../words.js";
import { readDeployment } from "../deployment.js";
import { Override, parsedOverride } from "./override.js";
import { PreviewCard, usePreview } from "./preview_card.js";
import { Summary } from "./summary.js";
import { Where } from "./where.js";

/** `/envs/{env}/deployments/new?kind&chart&from`. */
export function NewDeployment({ env: envId }) {
  const { from } = address.value.query;
  const remote = useRemote((abort) => (from ? readDeployment(from, abort) : Promise.resolve(null)), [from]);
  useEffect(() => {
    document.title = `New deployment · ${envOf(envId)?.name ?? ""} – Platz`;
  }, [envId]);
  return html`<${PageHead} title="New deployment" detail=${envOf(envId)?.name} />
    <${Shown} remote=${remote}>${(data) => html`<${Change} envId=${envId} from=${data?.deployment ?? null} before=${data?.chart ?? null} isNew=${true} />`}</${Shown}>`;
}

/** `/deployments/{id}/change?chart`. */
export function ChangePage({ id }) {
  const remote = useRemote((abort) => readDeployment(id, abort), [id]);
  return html`<${Shown} remote=${remote}>${({ deployment, chart }) => html`<${Existing} deployment=${deployment} chart=${chart} />`}</${Shown}>`;
}

function Existing({ deployment, chart }) {
  const envId = clusterOf(deployment.cluster_id)?.env_id;
  const title = deploymentTitle(deployment, kindOf(deployment.kind_id));
  useEffect(() => {
    lookAt(envId);
    document.title = `Change ${title} – Platz`;
  }, [envId]);
  return html`<${PageHead} title=${`Change ${title}`} detail=${html`<a href=${`/deployments/${deployment.id}`}>Back to the deployment</a>`} />
    <${Change} envId=${envId} from=${deployment} before=${chart} isNew=${false} />`;
}

function Change({ envId, from, before, isNew }) {
  const { query } = address.value;
  const place = useSignal({
    kindId: from?.kind_id ?? query.kind ?? null,
    clusterId: from?.cluster_id ?? null,
    name: isNew ? "" : from.name,
    chartId: query.chart ?? from?.helm_chart_id ?? null,
  });
  const charts = useRemote((abort) => versions(place.value.kindId, abort), [place.value.kindId], ["helm_charts"]);
  const work = useRef(null); // what the person has filled in so far, to be carried over to another version
  const override = useSignal(JSON.stringify(from?.values_override ?? {}, null, 2));
  const chosen = (charts.value.data ?? []).find((one) => one.id === place.value.chartId) ?? null;
  return html`<div class="change">
    <div class="change-form">
      <section class="card"><h2>What and where</h2>
        <${Where} place=${place} envId=${envId} charts=${charts} chosen=${chosen} isNew=${isNew} />
      </section>
      ${chosen ? html`<${Answers} key=${chosen.id} chart=${chosen} before=${before} from=${from} place=${place.value} envId=${envId} isNew=${isNew} work=${work} override=${override} />`
        : html`<${Empty} title="Choose a chart's version to see its form." />`}
    </div>
  </div>`;
}

async function versions(kindId, abort) {
  return kindId ? all("/helm-charts", { kind_id: kindId }, abort) : [];
}

function Answers({ chart, before, from, place, envId, isNew, work, override }) {
  const carried = useMemo(() => {
    const base = work.current ?? (from && { answers: from.config ?? {}, schema: before?.values_ui });
    return base && carriedOver(base.answers, base.schema, chart.values_ui);
  }, []);
  const form = useAnswers(chart.values_ui, `/helm-charts/${chart.id}/form`, carried?.kept ?? null);
  work.current = { answers: form.answers.value, schema: chart.values_ui };
  const wanted = () => bodyOf({ chart, form, override, place, isNew });
  const preview = usePreview(wanted);
  const { busy, error, send } = useSending(async () => {
    form.showProblems.value = true;
    if (!(await form.check())) return;
    const body = wanted();
    navigate(`/deployments/${await saved({ ...body, preview_id: preview.idFor(body) }, { from, isNew })}`);
  });
  const look = useSending(async () => {
    form.showProblems.value = true;
    if (await form.check()) preview.ask();
  });
  const verb = isNew ? "Deploy" : chart.id === from.helm_chart_id ? "Apply the change" : `Upgrade to ${versionOf(chart)}`;
  const ready = place.clusterId && place.kindId;
  return html`<form onSubmit=${send} onKeyDown=${(event) => sendOnCtrlEnter(event, send)}>
    <section class="card"><h2>Inputs</h2>
      ${carried && (carried.dropped.length > 0 || carried.added.length > 0) && html`<${Carried} carried=${carried} />`}
      <${Form} form=${form} envId=${envId} />
    </section>
    <${Override} text=${override} />
    <${Summary} chart=${chart} before=${before} from=${from} place=${place} form=${form} isNew=${isNew} />
    ${preview.asked.value && html`<${PreviewCard} preview=${preview} path=${isNew ? "/deployments/preview" : `/deployments/${from.id}/preview`} />`}
    <${ProblemSummary} form=${form} />
    ${look.error.value && html`<${Problem} error=${look.error.value} />`}
    ${error.value && html`<${Problem} error=${error.value} title=${error.value.status >= 400 ? "Nothing was changed." : ""} />`}
    <div class="buttons end">
      <a class="button" href=${isNew ? `/envs/${envId}/deployments` : `/deployments/${from.id}`}>Leave</a>
      <button type="button" disabled=${look.busy.value || !ready} onClick=${look.send}>Preview</button>
      <button type="submit" class="primary" disabled=${busy.value || !ready} title=${ready ? undefined : "Choose a cluster first."}>${busy.value ? "Asking the server …" : verb}</button>
    </div>
  </form>`;
}

function sendOnCtrlEnter(event, send) {
  if (event.key !== "Enter") return;
  if (event.ctrlKey || event.metaKey) send(event);
  else if (event.target.tagName === "INPUT") event.preventDefault(); // Enter in a field does not change a cluster
}

/** Send the deployment and return its id. */
async function saved(body, { from, isNew }) {
  return (await (isNew ? post("/deployments", body) : put(`/deployments/${from.id}`, body))).id;
}

function bodyOf({ chart, form, override, place, isNew }) {
  const body = { helm_chart_id: chart.id, config: form.answers.value, values_override: parsedOverride(override.value) };
  return isNew ? { ...body, name: place.name, kind_id: place.kindId, cluster_id: place.clusterId } : body;
}

function Carried({ carried }) {
  return html`<div class="strip busy"><div>
    ${carried.added.length > 0 && html`<p>New in this version: <strong dir="auto">${carried.added.join(", ")}</strong></p>`}
    ${carried.dropped.length > 0 && html`<p>No longer asked, or asked differently; the old answers are dropped: <strong dir="auto">${carried.dropped.join(", ")}</strong></p>`}
  </div></div>`;
}
