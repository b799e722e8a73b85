/** The formats by which versions are read out of charts' tags. */

import { post, remove } from "../../api/request.js";
import { CollectionPage } from "../../parts/collection_page.js";
import { Ago } from "../../parts/time.js";
import { html } from "../../view.js";

export function TagFormatsPage() {
  return html`<${CollectionPage}
    title="Tag formats"
    intro="Regular expressions with the groups version, revision, branch and commit. The newest that fits a tag counts."
    source=${{ path: "/helm-tag-formats", tables: ["helm_tag_formats"] }}
    empty="There is no tag format. Versions are shown as their tags."
    columns=${[
      { title: "Pattern", cell: (row) => html`<code dir="auto">${row.pattern}</code>` },
      { title: "Added", cell: (row) => html`<${Ago} at=${row.created_at} />` },
    ]}
    creating=${{ title: "New tag format", verb: "Add the format", fields: [{ key: "pattern", label: "Pattern", help: "For example ^(?P<version>[0-9.]+)-(?P<branch>[a-z]+)-(?P<commit>[0-9a-f]+)$" }], save: (values) => post("/helm-tag-formats", values) }}
    deleting=${(row) => ({ title: "Remove this format?", verb: "Remove the format", act: () => remove(`/helm-tag-formats/${row.id}`), children: html`<p>Charts keep what was read with it.</p>` })}
  />`;
}
