/** Bots: accounts of programs, each with its tokens. */

import { post, put, remove } from "../../api/request.js";
import { CollectionPage } from "../../parts/collection_page.js";
import { Dialog } from "../../parts/dialog.js";
import { Ago } from "../../parts/time.js";
import { Tokens } from "../../parts/tokens.js";
import { html, useSignal } from "../../view.js";

const NAME = { key: "display_name", label: "Name" };

export function BotsPage() {
  const opened = useSignal(null);
  return html`<${CollectionPage}
    title="Bots"
    source=${{ path: "/bots", tables: ["bots"] }}
    empty="There is no bot yet."
    columns=${[
      { title: "Name", cell: (row) => html`<span dir="auto">${row.display_name}</span>` },
      { title: "Created", cell: (row) => html`<${Ago} at=${row.created_at} />` },
      { title: "Tokens", cell: (row) => html`<button type="button" class="small" onClick=${() => (opened.value = row)}>Tokens …</button>` },
    ]}
    creating=${{ title: "New bot", verb: "Create the bot", fields: [NAME], save: (values) => post("/bots", values) }}
    editing=${(row) => ({ title: `Rename ${row.display_name}`, verb: "Rename", initial: { display_name: row.display_name }, fields: [NAME], save: (values) => put(`/bots/${row.id}`, values) })}
    deleting=${(row) => ({ title: `Delete ${row.display_name}?`, verb: "Delete the bot", act: () => remove(`/bots/${row.id}`), children: html`<p>Its tokens stop working at once. What it did stays in the history.</p>` })}
  />
  ${opened.value && html`<${Dialog} title=${`Tokens of ${opened.value.display_name}`} close=${() => (opened.value = null)}><${Tokens} path="/bot-tokens" owner=${{ bot_id: opened.value.id }} /></${Dialog}>`}`;
}
