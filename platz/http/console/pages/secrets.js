/** The secrets of an environment; contents are written and never read. */

import { post, put, remove } from "../api/request.js";
import { CollectionPage } from "../parts/collection_page.js";
import { Ago } from "../parts/time.js";
import { html } from "../view.js";

const CONTENTS = { key: "contents", label: "Contents", kind: "long", help: "Stored encrypted, and never shown again." };

export function Secrets({ env: envId }) {
  return html`<${CollectionPage}
    title="Secrets"
    intro="Charts choose secrets by name; their contents reach the deployment and nobody else."
    source=${{ path: "/secrets", query: { env_id: envId }, tables: ["secrets"] }}
    empty="This environment has no secrets yet."
    columns=${[
      { title: "Name", cell: (row) => html`<span dir="auto">${row.name}</span>` },
      { title: "Collection", cell: (row) => html`<code>${row.collection}</code>` },
      { title: "Replaced", cell: (row) => html`<${Ago} at=${row.updated_at} />` },
    ]}
    creating=${{
      title: "New secret",
      verb: "Create the secret",
      fields: [{ key: "collection", label: "Collection", help: "The group by which charts find it, such as registry-credentials." }, { key: "name", label: "Name" }, CONTENTS],
      save: (values) => post("/secrets", { ...values, env_id: envId }),
    }}
    editing=${(row) => ({
      title: `Replace ${row.name}`,
      verb: "Replace the contents",
      fields: [{ ...CONTENTS, help: "Deployments that use this secret are reinstalled with the new contents." }],
      save: (values) => put(`/secrets/${row.id}`, values),
    })}
    deleting=${(row) => ({ title: `Delete ${row.name}?`, verb: "Delete the secret", type: row.name, act: () => remove(`/secrets/${row.id}`), children: html`<p>Deployments that use it can't be changed until another secret is chosen.</p>` })}
  />`;
}
