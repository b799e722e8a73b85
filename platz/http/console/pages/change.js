/** New deployment, and the change of one: what and where, the chart's form, the override. One page for both. */

import { all, get, post, put } from "../api/request.js";
import { carriedOver, useAnswers } from "../forms/answers.js";
import { Form, ProblemSummary } from "../forms/form.js";
import { useRemote } from "../live/remote.js";
import { Empty, Problem, Shown } from "../parts/states.js";
import { PageHead } from "../parts/tabs.js";
import { address, navigate } from "../router.js";
import { chart as chartById, clusterOf, envOf, kindOf } from "../session/catalogue.js";
import { lookAt } from "../session/current_env.js";
import { html, useEffect, useMemo, useSignal } from "../view.js";
import { deploymentTitle, versionOf } from "../words.js";
import { Override, parsedOverride } from "./change_override.js";
import { Summary } from "./change_summary.js";
import { Where } from "./change_where.js";
import { readDeployment } from "./deployment.js";

/** `/envs/{env}/deployments/new?kind&chart&from`. */
export function NewDeployment({ env: envId }) {
  const { from } = address.value.query;
  const remote = useRemote(() => (from ? readDeployment(from) : Promise.resolve(null)), [from]);
  useEffect(() => {
    document.title = `New deployment · ${envOf(envId)?.name ?? ""} – Platz`;
  }, [envId]);
  return html`<${PageHead} title="New deployment" detail=${envOf(envId)?.name} />
    <${Shown} remote=${remote}>${(data) => html`<${Change} envId=${envId} from=${data?.deployment ?? null} isNew=${true} />`}</${Shown}>`;
}

/** `/deployments/{id}/change?chart`. */
export function ChangePage({ id }) {
  const remote = useRemote((abort) => readDeployment(id, abort), [id]);
  return html`<${Shown} remote=${remote}>${({ deployment }) => html`<${Existing} deployment=${deployment} />`}</${Shown}>`;
}

function Existing({ deployment }) {
  const envId = clusterOf(deployment.cluster_id)?.env_id;
  const title = deploymentTitle(deployment, kindOf(deployment.kind_id));
  useEffect(() => {
    lookAt(envId);
    document.title = `Change ${title} – Platz`;
  }, [envId]);
  return html`<${PageHead} title=${`Change ${title}`} detail=${html`<a href=${`/deployments/${deployment.id}`}>Back to the deployment</a>`} />
    <${Change} envId=${envId} from=${deployment} isNew=${false} />`;
}

function Change({ envId, from, isNew }) {
  const { query } = address.value;
  const place = useSignal({
    kindId: from?.kind_id ?? query.kind ?? null,
    clusterId: from?.cluster_id ?? null,
    name: isNew ? "" : from.name,
    chartId: query.chart ?? from?.helm_chart_id ?? null,
  });
  const charts = useRemote((abort) => versions(place.value.kindId, abort), [place.value.kindId], ["helm_charts"]);
  const chosen = (charts.value.data ?? []).find((one) => one.id === place.value.chartId) ?? null;
  const before = useRemote(() => (from ? chartById(from.helm_chart_id) : Promise.resolve(null)), [from?.id]);
  if (before.value.data === undefined) return html`<${Shown} remote=${before}>${() => null}</${Shown}>`;
  return html`<div class="change">
    <div class="change-form">
      <section class="card"><h2>What and where</h2>
        <${Where} place=${place} envId=${envId} charts=${charts} chosen=${chosen} isNew=${isNew} />
      </section>
      ${chosen ? html`<${Answers} key=${chosen.id} chart=${chosen} before=${before.value.data} from=${from} place=${place.value} envId=${envId} isNew=${isNew} />`
        : html`<${Empty} title="Choose a chart's version to see its form." />`}
    </div>
  </div>`;
}

async function versions(kindId, abort) {
  return kindId ? all("/helm-charts", { kind_id: kindId }, abort) : [];
}

function Answers({ chart, before, from, place, envId, isNew }) {
  const carried = useMemo(() => (from ? carriedOver(from.config ?? {}, before?.values_ui, chart.values_ui) : null), [chart.id, from?.id]);
  const form = useAnswers(chart.values_ui, `/helm-charts/${chart.id}/form`, carried?.kept ?? null);
  const override = useSignal(JSON.stringify(from?.values_override ?? {}, null, 2));
  const error = useSignal(null);
  const busy = useSignal(false);
  const save = async (event) => {
    event.preventDefault();
    form.showProblems.value = true;
    busy.value = true;
    error.value = null;
    try {
      if (!(await form.check())) {
        busy.value = false;
        return;
      }
      const values = parsedOverride(override.value);
      navigate(`/deployments/${await send({ chart, from, place, isNew, config: form.answers.value, values })}`);
    } catch (refusal) {
      error.value = refusal;
      busy.value = false;
    }
  };
  const verb = isNew ? "Deploy" : chart.id === from.helm_chart_id ? "Apply the change" : `Upgrade to ${versionOf(chart)}`;
  const ready = place.clusterId && place.kindId;
  return html`<form onSubmit=${save} onKeyDown=${(event) => sendOnCtrlEnter(event, save)}>
    <section class="card"><h2>Inputs</h2>
      ${carried && (carried.dropped.length > 0 || carried.added.length > 0) && html`<${Carried} carried=${carried} />`}
      <${Form} form=${form} envId=${envId} />
    </section>
    <${Override} text=${override} />
    <${Summary} chart=${chart} before=${before} from=${from} place=${place} form=${form} isNew=${isNew} />
    <${ProblemSummary} form=${form} />
    ${error.value && html`<${Problem} error=${error.value} title="Nothing was changed." />`}
    <div class="buttons end">
      <a class="button" href=${isNew ? `/envs/${envId}/deployments` : `/deployments/${from.id}`}>Leave</a>
      <button type="submit" class="primary" disabled=${busy.value || !ready} title=${ready ? undefined : "Choose a cluster first."}>${busy.value ? "Asking the server …" : verb}</button>
    </div>
  </form>`;
}

function sendOnCtrlEnter(event, save) {
  if (event.key !== "Enter") return;
  if (event.ctrlKey || event.metaKey) save(event);
  else if (event.target.tagName === "INPUT") event.preventDefault(); // Enter in a field does not change a cluster
}

async function send({ chart, from, place, isNew, config, values }) {
  const body = { helm_chart_id: chart.id, config, values_override: values };
  if (isNew) {
    const created = await post("/deployments", { ...body, name: place.name, kind_id: place.kindId, cluster_id: place.clusterId });
    return created.id;
  }
  const updated = await put(`/deployments/${from.id}`, body);
  return updated.id;
}

function Carried({ carried }) {
  return html`<div class="strip busy"><div>
    ${carried.added.length > 0 && html`<p>New in this version: <strong dir="auto">${carried.added.join(", ")}</strong></p>`}
    ${carried.dropped.length > 0 && html`<p>No longer asked, or asked differently; the old answers are dropped: <strong dir="auto">${carried.dropped.join(", ")}</strong></p>`}
  </div></div>`;
}
