/** The environments. */

import { post, put, remove } from "../../api/request.js";
import { CollectionPage } from "../../parts/collection_page.js";
import { Ago } from "../../parts/time.js";
import { clusters } from "../../session/catalogue.js";
import { html } from "../../view.js";

const NEW_USERS = { key: "auto_add_new_users", label: "New people become members by themselves", kind: "check" };

export function EnvironmentsPage() {
  return html`<${CollectionPage}
    title="Environments"
    source=${{ path: "/envs", tables: ["envs"] }}
    empty="There is no environment yet."
    columns=${[
      { title: "Name", cell: (row) => html`<a href=${`/envs/${row.id}`}>${row.name}</a>` },
      { title: "Clusters", cell: (row) => (clusters.value ?? []).filter((one) => one.env_id === row.id).map((one) => one.name).join(", ") },
      { title: "New people", cell: (row) => (row.auto_add_new_users ? "join by themselves" : "are added by admins") },
      { title: "Created", cell: (row) => html`<${Ago} at=${row.created_at} />` },
    ]}
    creating=${{ title: "New environment", verb: "Create the environment", fields: [{ key: "name", label: "Name" }, NEW_USERS], save: (values) => post("/envs", values) }}
    editing=${(row) => ({ title: `Change ${row.name}`, verb: "Save", initial: { name: row.name, auto_add_new_users: row.auto_add_new_users }, fields: [{ key: "name", label: "Name" }, NEW_USERS], save: (values) => put(`/envs/${row.id}`, values) })}
    deleting=${(row) => ({ title: `Delete ${row.name}?`, verb: "Delete the environment", type: row.name, act: () => remove(`/envs/${row.id}`), children: html`<p>Its secrets, roles and resources are deleted. Its clusters stay, without an environment.</p>` })}
  />`;
}
