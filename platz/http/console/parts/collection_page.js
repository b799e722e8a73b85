/** A page that lists a collection, with a dialog to create, change or delete an item. */

import { get } from "../api/request.js";
import { useRemote } from "../live/remote.js";
import { address } from "../router.js";
import { html, useEffect, useSignal } from "../view.js";
import { Confirm } from "./dialog.js";
import { Editor } from "./editor.js";
import { Icon } from "./icon.js";
import { Empty, Shown } from "./states.js";
import { Pager, Table } from "./table.js";
import { PageHead } from "./tabs.js";

/**
 * `source` is `{path, query?, tables}`; `creating` and each result of `editing(row)` are properties of `Editor`;
 * `deleting(row)` are those of `Confirm`. What is left out is not offered.
 */
export function CollectionPage({ title, intro = "", source, columns, empty, creating, editing, deleting }) {
  const { page } = address.value.query;
  const query = { ...source.query, page, per_page: 100 };
  const remote = useRemote((abort) => get(source.path, query, abort), [source.path, JSON.stringify(query)], source.tables);
  const dialog = useSignal(null);
  useEffect(() => {
    document.title = `${title} – Platz`;
  }, [title]);
  const close = () => {
    dialog.value = null;
    remote.reload();
  };
  const actions = (editing || deleting) && {
    title: "",
    className: "end",
    cell: (row) => html`
      ${editing && html`<button type="button" class="small" onClick=${() => (dialog.value = { Kind: Editor, properties: editing(row) })}>Change …</button>`}
      ${deleting && html`<button type="button" class="small" onClick=${() => (dialog.value = { Kind: Confirm, properties: { danger: true, ...deleting(row) } })}>Delete …</button>`}`,
  };
  return html`
    <${PageHead} title=${title}>${creating && html`<button type="button" class="primary" onClick=${() => (dialog.value = { Kind: Editor, properties: creating })}><${Icon} name="add" />${creating.title}</button>`}</${PageHead}>
    ${intro && html`<p class="soft">${intro}</p>`}
    <${Shown} remote=${remote}>${(answer) => answer.items.length === 0
      ? html`<${Empty} title=${empty} />`
      : html`<${Table} caption=${title} columns=${[...columns, actions].filter(Boolean)} rows=${answer.items} /><${Pager} answer=${answer} />`}</${Shown}>
    ${dialog.value && html`<${dialog.value.Kind} ...${dialog.value.properties} close=${close} />`}
  `;
}
