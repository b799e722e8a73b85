/** The choice of a deployment, a secret or a resource. */

import { Combobox } from "../parts/combobox.js";
import { html } from "../view.js";
import { useItems } from "./collection_items.js";
import { described, Frame, idsOf } from "./frame.js";

/** A chosen item that is no longer offered stays, and is said to be so. */
export function CollectionField({ input, value, change, mark, problem, envId }) {
  const items = useItems(input, envId);
  return html`<${Frame} input=${input} mark=${mark} problem=${problem || missing(items, value)}>
    <${ItemControl} input=${input} items=${items} value=${value} change=${change} id=${idsOf(input).id}
      describedBy=${described(input, problem)} invalid=${Boolean(problem)} />
  </${Frame}>`;
}

/** The control alone, for lists of items. */
export function ItemControl({ input, items, value, change, id, describedBy, invalid }) {
  const { data, error } = items.value;
  if (error) return html`<p class="wrong-text">${error.message}</p>`;
  if (data === undefined) return html`<p class="soft">Looking for what can be chosen …</p>`;
  if (data.length === 0 && !value) return html`<p class="soft" id=${id} tabindex="-1">Nothing to choose in this environment yet.</p>`;
  const options = value && !data.some((item) => item.value === value) ? [...data, { value, label: "No longer offered", detail: value }] : data;
  return html`<${Combobox} id=${id} options=${options} value=${value ?? null} required=${input.required}
    describedBy=${describedBy} invalid=${invalid} choose=${(chosen) => change(chosen ?? undefined)} />`;
}

function missing(items, value) {
  const { data } = items.value;
  return data && value && !data.some((item) => item.value === value) ? "What was chosen no longer exists here, or the chart no longer offers it." : "";
}
