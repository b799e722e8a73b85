/** The resources of one type in an environment, and the form of one. */

import { get, post, put, remove } from "../../api/request.js";
import { useAnswers } from "../../forms/answers.js";
import { Form, ProblemSummary } from "../../forms/form.js";
import { useRemote } from "../../live/remote.js";
import { Confirm } from "../../parts/dialog.js";
import { useSending } from "../../parts/sending.js";
import { Status } from "../../parts/status.js";
import { Empty, Problem, Shown } from "../../parts/states.js";
import { Pager, Table } from "../../parts/table.js";
import { PageHead } from "../../parts/tabs.js";
import { address, navigate } from "../../router.js";
import { html, useEffect, useSignal } from "../../view.js";
import { DeploymentLink } from "../task_list.js";
import { ManagedBy } from "./resource_owner.js";

export function Resources({ env: envId, type: typeId }) {
  const { page } = address.value.query;
  const type = useRemote((abort) => get(`/deployment-resource-types/${typeId}`, {}, abort), [typeId], ["deployment_resource_types"]);
  const rows = useRemote((abort) => get("/deployment-resources", { type_id: typeId, env_id: envId, page, per_page: 50 }, abort), [typeId, envId, page], ["deployment_resources"]);
  const dying = useSignal(null);
  const spec = type.value.data?.spec ?? {};
  useEffect(() => {
    document.title = `${spec.name_plural ?? "Resources"} – Platz`;
  }, [spec.name_plural]);
  const base = `/envs/${envId}/resources/${typeId}`;
  const shown = (spec.values_ui?.inputs ?? []).filter((input) => !input.sensitive).slice(0, 3);
  const columns = [
    { title: "Name", cell: (row) => html`<a href=${`${base}/${row.id}`} dir="auto">${row.name}</a>` },
    ...shown.map((input) => ({ title: input.label, cell: (row) => html`<span dir="auto">${text(row.props[input.id])}</span>` })),
    { title: "State", cell: (row) => html`<${Status} status=${row.sync_status} />${row.sync_reason && html`<span class="soft cut" dir="auto">${row.sync_reason}</span>`}` },
    { title: "Managed by", cell: (row) => row.deployment_id && html`<${DeploymentLink} id=${row.deployment_id} />` },
    { title: "", className: "end", cell: (row) => html`<button type="button" class="small" onClick=${() => (dying.value = row)}>Delete …</button>` },
  ];
  return html`
    <${PageHead} title=${spec.name_plural ?? "Resources"}><a class="button primary" href=${`${base}/new`}>New ${spec.name_singular ?? "resource"}</a></${PageHead}>
    <${Shown} remote=${rows}>${(answer) => answer.items.length === 0
      ? html`<${Empty} title=${`There are no ${(spec.name_plural ?? "resources").toLowerCase()} yet.`} />`
      : html`<${Table} caption=${spec.name_plural ?? "Resources"} columns=${columns} rows=${answer.items} /><${Pager} answer=${answer} />`}</${Shown}>
    ${dying.value && html`<${Confirm} title=${`Delete ${dying.value.name}?`} verb="Delete it" danger=${true} close=${() => (dying.value = null)}
      act=${() => remove(`/deployment-resources/${dying.value.id}`)}><p>The deployment that manages it is told to remove it.</p></${Confirm}>`}
  `;
}

const text = (value) => (value === undefined || value === null ? "" : typeof value === "object" ? JSON.stringify(value) : String(value));

export function ResourceForm({ env: envId, type: typeId, resource: resourceId }) {
  const isNew = resourceId === "new";
  const remote = useRemote(async (abort) => {
    const type = await get(`/deployment-resource-types/${typeId}`, {}, abort);
    return { type, row: isNew ? null : await get(`/deployment-resources/${resourceId}`, {}, abort) };
  }, [typeId, resourceId]);
  return html`<${Shown} remote=${remote}>${({ type, row }) => html`<${Editing} type=${type} row=${row} envId=${envId} />`}</${Shown}>`;
}

function Editing({ type, row, envId }) {
  const { spec } = type;
  const form = useAnswers(spec.values_ui, `/deployment-resource-types/${type.id}/form`, row?.props ?? null);
  const name = useSignal(row?.name ?? "");
  const owner = useSignal(row?.deployment_id ?? null);
  const list = `/envs/${envId}/resources/${type.id}`;
  useEffect(() => {
    document.title = `${row?.name ?? `New ${spec.name_singular}`} – Platz`;
  }, [row?.name]);
  const { busy, error, send } = useSending(async () => {
    form.showProblems.value = true;
    await form.check();
    const wrong = Object.keys(form.state.value.problems).filter((id) => !(row && isKept(spec, id, form)));
    if (wrong.length > 0) return;
    const body = { name: name.value, props: form.answers.value };
    await (row ? put(`/deployment-resources/${row.id}`, body) : post("/deployment-resources", { ...body, type_id: type.id, deployment_id: owner.value }));
    navigate(list);
  });
  return html`<${PageHead} title=${row ? row.name : `New ${spec.name_singular}`} detail=${html`<a href=${list}>${spec.name_plural}</a>`} />
    <form class="card narrow" onSubmit=${send}>
      <label class="field">Name<input type="text" autocomplete="off" value=${name.value} onInput=${(event) => (name.value = event.target.value)} /></label>
      ${!row && html`<${ManagedBy} type=${type} envId=${envId} value=${owner.value} choose=${(id) => (owner.value = id)} />`}
      ${form.inputs.length > 0 && html`<${Form} form=${form} envId=${envId} />`}
      <${ProblemSummary} form=${form} />
      ${error.value && html`<${Problem} error=${error.value} />`}
      <div class="buttons end"><a class="button" href=${list}>Leave</a><button type="submit" class="primary" disabled=${busy.value}>${row ? "Save" : `Create the ${spec.name_singular}`}</button></div>
    </form>`;
}

/** A sensitive answer that was stored before is kept when it is left empty. */
function isKept(spec, id, form) {
  const input = spec.values_ui?.inputs?.find((one) => one.id === id);
  return input?.sensitive && !form.answers.value[id];
}
