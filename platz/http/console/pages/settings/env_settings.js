/** The people of an environment with their roles, and where its workloads are placed. */

import { all, post, put, remove } from "../../api/request.js";
import { useRemote } from "../../live/remote.js";
import { Editor } from "../../parts/editor.js";
import { jsonOf } from "../../parts/json_text.js";
import { useSending } from "../../parts/sending.js";
import { Empty, Problem, Shown } from "../../parts/states.js";
import { Table } from "../../parts/table.js";
import { PageHead } from "../../parts/tabs.js";
import { envOf, item, kinds, users } from "../../session/catalogue.js";
import { html, useEffect, useSignal } from "../../view.js";

export function EnvSettings({ env: envId }) {
  const env = envOf(envId);
  useEffect(() => {
    document.title = `Settings · ${env?.name ?? ""} – Platz`;
  }, [env?.name]);
  if (!env) return html`<${Empty} page=${true} title="You do not see this environment, or it does not exist." />`;
  return html`<${PageHead} title="Settings" detail=${env.name} /><${People} envId=${envId} /><${Placement} env=${env} />`;
}

function People({ envId }) {
  const remote = useRemote(async (abort) => {
    const [members, roles] = await Promise.all([all("/env-user-permissions", { env_id: envId }, abort), all("/deployment-permissions", { env_id: envId }, abort)]);
    return { members, roles };
  }, [envId], ["env_user_permissions", "deployment_permissions"]);
  const adding = useSignal(null);
  const { error, send: attempt } = useSending(async (act) => {
    await act();
    remote.reload();
  });
  return html`<section><div class="card-head"><h2>People</h2><div class="buttons">
      <button type="button" onClick=${() => (adding.value = "member")}>Add a person …</button>
      <button type="button" onClick=${() => (adding.value = "role")}>Give a role …</button></div></div>
    ${error.value && html`<${Problem} error=${error.value} />`}
    <${Shown} remote=${remote}>${({ members, roles }) => members.length === 0
      ? html`<${Empty} title="Nobody is a member yet. Site admins see every environment." />`
      : html`<${Table} caption="People" rows=${members} columns=${peopleColumns(envId, roles, attempt)} />`}</${Shown}>
    ${adding.value && html`<${Adding} what=${adding.value} envId=${envId} close=${() => { adding.value = null; remote.reload(); }} />`}
  </section>`;
}

function peopleColumns(envId, roles, attempt) {
  const changeRole = (member, role) => attempt(async () => {
    await remove(`/env-user-permissions/${member.id}`);
    await post("/env-user-permissions", { env_id: envId, user_id: member.user_id, role });
  });
  return [
    { title: "Person", cell: (member) => html`<${Person} id=${member.user_id} />` },
    { title: "In the environment", cell: (member) => html`<select aria-label="Role in the environment" value=${member.role} onChange=${(event) => changeRole(member, event.target.value)}>
      <option value="User">User</option><option value="Admin">Admin</option></select>` },
    { title: "For kinds", cell: (member) => html`<ul class="chips">${roles.filter((role) => role.user_id === member.user_id).map((role) => html`<li key=${role.id} class="pill">
      ${item("kinds", role.kind_id)?.name} · ${role.role}<button type="button" class="bare" aria-label="Take this role away" onClick=${() => attempt(() => remove(`/deployment-permissions/${role.id}`))}>×</button></li>`)}</ul>` },
    { title: "", className: "end", cell: (member) => html`<button type="button" class="small" onClick=${() => attempt(() => remove(`/env-user-permissions/${member.id}`))}>Remove</button>` },
  ];
}

function Person({ id }) {
  const person = item("users", id);
  return html`<span dir="auto">${person?.display_name ?? "…"} <span class="soft">${person?.email}</span></span>`;
}

function Adding({ what, envId, close }) {
  const people = (users.value ?? []).filter((user) => user.is_active).map((user) => [user.id, `${user.display_name} (${user.email})`]);
  const first = { user_id: people[0]?.[0] ?? "" };
  const person = { key: "user_id", label: "Person", kind: "choice", options: people, help: "People appear here after they signed in once." };
  if (what === "member") {
    return html`<${Editor} title="Add a person" verb="Add" close=${close} initial=${{ ...first, role: "User" }} save=${(values) => post("/env-user-permissions", { ...values, env_id: envId })}
      fields=${[person, { key: "role", label: "Role", kind: "choice", options: [["User", "User: sees everything here"], ["Admin", "Admin: may change everything here"]] }]} />`;
  }
  const kindList = (kinds.value ?? []).map((kind) => [kind.id, kind.name]);
  return html`<${Editor} title="Give a role" verb="Give the role" close=${close} initial=${{ ...first, kind_id: kindList[0]?.[0] ?? "", role: "Maintainer" }}
    save=${(values) => post("/deployment-permissions", { ...values, env_id: envId })}
    fields=${[person, { key: "kind_id", label: "Kind", kind: "choice", options: kindList },
      { key: "role", label: "Role", kind: "choice", options: [["Maintainer", "Maintainer: may change deployments"], ["Owner", "Owner: may create and delete them, too"]] }]} />`;
}

function Placement({ env }) {
  const selector = useSignal(JSON.stringify(env.node_selector ?? {}, null, 2));
  const tolerations = useSignal(JSON.stringify(env.tolerations ?? [], null, 2));
  const saved = useSignal("");
  const { busy, error, send } = useSending(async () => {
    saved.value = "";
    await put(`/envs/${env.id}`, { node_selector: jsonOf(selector.value, "node selector"), tolerations: jsonOf(tolerations.value, "list of tolerations") });
    saved.value = "Saved; the enabled deployments are being reinstalled.";
  });
  return html`<form class="card" onSubmit=${send}><h2>Placement</h2>
    <p class="help">Where Kubernetes may run the workloads of this environment. Saving reinstalls every enabled deployment.</p>
    <label class="field">Node selector, JSON<textarea class="code" rows="4" spellcheck="false" value=${selector.value} onInput=${(event) => (selector.value = event.target.value)}></textarea></label>
    <label class="field">Tolerations, JSON<textarea class="code" rows="4" spellcheck="false" value=${tolerations.value} onInput=${(event) => (tolerations.value = event.target.value)}></textarea></label>
    ${error.value && html`<${Problem} error=${error.value} />`}
    <div class="buttons"><button type="submit" class="danger" disabled=${busy.value}>Save and reinstall</button>${saved.value && html`<span role="status">${saved.value}</span>`}</div>
  </form>`;
}
