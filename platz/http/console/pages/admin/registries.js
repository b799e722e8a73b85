/** The repositories in which charts were found. */

import { put } from "../../api/request.js";
import { CollectionPage } from "../../parts/collection_page.js";
import { kindOf } from "../../session/catalogue.js";
import { html } from "../../view.js";

export function RegistriesPage() {
  return html`<${CollectionPage}
    title="Registries"
    source=${{ path: "/helm-registries", tables: ["helm_registries"] }}
    empty="No chart repository has been found yet."
    columns=${[
      { title: "Repository", cell: (row) => html`<a href=${`/charts/${row.kind_id}`}>${row.repo_name}</a>` },
      { title: "Registry", cell: (row) => row.domain_name },
      { title: "Kind", cell: (row) => kindOf(row.kind_id)?.name },
      { title: "Provider", cell: (row) => row.provider },
      { title: "Available", cell: (row) => (row.available ? "Yes" : "No") },
    ]}
    editing=${(row) => ({ title: `Change ${row.repo_name}`, verb: "Save", initial: { fa_icon: row.fa_icon }, fields: [{ key: "fa_icon", label: "Icon", help: "A name of Font Awesome." }], save: (values) => put(`/helm-registries/${row.id}`, values) })}
  />`;
}
