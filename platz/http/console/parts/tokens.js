/** Tokens for programs: made here, shown once, revoked here. */

import { get, post, remove } from "../api/request.js";
import { useRemote } from "../live/remote.js";
import { html, useSignal } from "../view.js";
import { ActionButton, CopyButton } from "./buttons.js";
import { Dialog } from "./dialog.js";
import { Empty, Shown } from "./states.js";
import { Table } from "./table.js";
import { Ago } from "./time.js";

/** `owner` are the fields that a new token needs and that the list is filtered by. */
export function Tokens({ path, owner }) {
  const remote = useRemote((abort) => get(path, { ...owner, per_page: 1000 }, abort), [path, JSON.stringify(owner)]);
  const made = useSignal(null);
  const create = async () => {
    made.value = await post(path, owner);
    remote.reload();
  };
  const revoke = async (row) => {
    await remove(`${path}/${row.id}`);
    remote.reload();
  };
  const columns = [
    { title: "Token", cell: (row) => html`<code>${row.id}</code>` },
    { title: "Made", cell: (row) => html`<${Ago} at=${row.created_at} />` },
    { title: "", className: "end", cell: (row) => html`<${ActionButton} className="small" act=${() => revoke(row)}>Revoke</${ActionButton}>` },
  ];
  return html`
    <${Shown} remote=${remote}>${({ items }) => items.length === 0 ? html`<${Empty} title="There is no token." />` : html`<${Table} caption="Tokens" columns=${columns} rows=${items} />`}</${Shown}>
    <div class="buttons"><${ActionButton} act=${create}>Make a token</${ActionButton}></div>
    ${made.value && html`<${Made} answer=${made.value} close=${() => (made.value = null)} />`}
  `;
}

function Made({ answer, close }) {
  const secret = Object.values(answer).find((value) => typeof value === "string" && value.length > 40) ?? "";
  const command = `curl -H "x-platz-token: $PLATZ_TOKEN" ${location.origin}/api/v2/deployments`;
  return html`<${Dialog} title="The new token" close=${close}>
    <p>Copy it now: it is not shown again.</p>
    <pre class="token" tabindex="0">${secret}</pre>
    <p>With it in <code>PLATZ_TOKEN</code>:</p><pre tabindex="0">${command}</pre>
    <div class="buttons"><${CopyButton} text=${secret} label="Copy the token" /><${CopyButton} text=${command} label="Copy the command" /><button type="button" class="primary" onClick=${close}>Done</button></div>
  </${Dialog}>`;
}
