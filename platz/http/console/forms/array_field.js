/** A list of values: rows that can be added, moved and removed. */

import { Icon } from "../parts/icon.js";
import { html, useMemo } from "../view.js";
import { useItems } from "./collection_items.js";
import { ItemControl } from "./collection_field.js";
import { Group, idsOf } from "./frame.js";
import { NumberControl } from "./plain_fields.js";

const EMPTY = { text: "", number: undefined, checkbox: false, collectionselect: undefined };

/** An absent list is shown as empty; removing the last row leaves an empty list, "Leave unset" none. */
export function ArrayField({ input, value, change, mark, problem, envId }) {
  const rows = Array.isArray(value) ? value : [];
  const keys = useMemo(() => ({ list: [], next: 0 }), []);
  while (keys.list.length < rows.length) keys.list.push((keys.next += 1));
  keys.list.length = rows.length;
  const replace = (place, answer) => change(rows.map((row, other) => (other === place ? (answer ?? null) : row)));
  const take = (place) => {
    keys.list.splice(place, 1);
    change(rows.filter((_, other) => other !== place));
  };
  const raise = (place) => {
    const swapped = [...rows];
    [swapped[place - 1], swapped[place]] = [swapped[place], swapped[place - 1]];
    [keys.list[place - 1], keys.list[place]] = [keys.list[place], keys.list[place - 1]];
    change(swapped);
  };
  const add = () => change([...rows, input.initialValue ?? EMPTY[input.itemType.toLowerCase()] ?? null]);
  return html`<${Group} input=${input} mark=${mark} problem=${problem}>
    <ol class="rows">
      ${rows.map((row, place) => html`<li key=${keys.list[place]}>
        <${Element} input=${input} place=${place} value=${row ?? undefined} envId=${envId} change=${(answer) => replace(place, answer)} />
        <button type="button" class="bare" aria-label=${`Move ${input.label} ${place + 1} up`} disabled=${place === 0} onClick=${() => raise(place)}><${Icon} name="up" /></button>
        <button type="button" class="bare" aria-label=${`Remove ${input.label} ${place + 1}`} onClick=${() => take(place)}><${Icon} name="cross" /></button>
      </li>`)}
    </ol>
    <div class="buttons">
      <button type="button" class="small" onClick=${add}><${Icon} name="add" />Add</button>
      ${value !== undefined && rows.length === 0 && html`<button type="button" class="small" onClick=${() => change(undefined)}>Leave unset</button>`}
    </div>
  </${Group}>`;
}

function Element({ input, place, value, change, envId }) {
  const label = `${input.label} ${place + 1}`;
  const id = `${idsOf(input).id}-${place}`;
  switch (input.itemType.toLowerCase()) {
    case "collectionselect":
      return html`<${ItemElement} input=${input} id=${id} value=${value} change=${change} envId=${envId} />`;
    case "number":
      return html`<${NumberControl} input=${input} id=${id} label=${label} value=${value} change=${change} />`;
    case "checkbox":
      return html`<label class="check"><input type="checkbox" checked=${value === true} onChange=${(event) => change(event.target.checked)} /><span>${label}</span></label>`;
    case "text":
      return html`<input type="text" aria-label=${label} id=${id} autocomplete="off" dir="auto" value=${value ?? ""}
        onInput=${(event) => change(event.target.value)} />`;
    default:
      return html`<code>${JSON.stringify(value)}</code>`;
  }
}

function ItemElement({ input, id, value, change, envId }) {
  const items = useItems(input, envId);
  return html`<${ItemControl} input=${{ ...input, required: true }} items=${items} id=${id} value=${value} change=${change} />`;
}
