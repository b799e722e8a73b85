/** A choice from a list that can be searched by typing (WAI-ARIA combobox with a list box). */

import { html, useId, useRef, useSignal } from "../view.js";
import { Icon } from "./icon.js";

const MOST_SHOWN = 50;

/** `options` are `{value, label, detail?}`; `choose(value)` gets null when the choice is taken back. */
export function Combobox({ id, options, value, choose, required = false, describedBy = "", invalid = false, placeholder = "Type to search" }) {
  const list = useId();
  const open = useSignal(false);
  const text = useSignal("");
  const active = useSignal(0);
  const field = useRef(null);
  const chosen = options.find((option) => option.value === value);
  const found = matching(options, open.value ? text.value : "").slice(0, MOST_SHOWN);
  const pick = (option) => {
    choose(option.value);
    open.value = false;
    text.value = "";
    field.current?.focus();
  };
  const keys = (event) => {
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      if (open.value) active.value = (active.value + (event.key === "ArrowDown" ? 1 : found.length - 1)) % Math.max(1, found.length);
      else show();
    } else if (event.key === "Enter" && open.value) {
      event.preventDefault();
      if (found[active.value]) pick(found[active.value]);
    } else if (event.key === "Escape" && open.value) {
      event.preventDefault();
      event.stopPropagation();
      open.value = false;
    }
  };
  const show = () => {
    open.value = true;
    text.value = "";
    active.value = Math.max(0, options.findIndex((option) => option.value === value));
  };
  return html`<div class="combobox" onFocusout=${(event) => event.currentTarget?.contains(event.relatedTarget) || (open.value = false)}>
    <input id=${id} ref=${field} type="text" role="combobox" autocomplete="off" aria-expanded=${open.value} aria-controls=${list}
      aria-autocomplete="list" aria-activedescendant=${open.value && found.length ? `${list}-${active.value}` : undefined}
      aria-describedby=${describedBy || undefined} aria-invalid=${invalid || undefined} placeholder=${placeholder}
      value=${open.value ? text.value : (chosen?.label ?? "")}
      onInput=${(event) => { open.value = true; text.value = event.target.value; active.value = 0; }}
      onClick=${show} onKeyDown=${keys} />
    ${value !== null && value !== undefined && !required
      ? html`<button type="button" class="bare" aria-label="Clear the choice" onClick=${() => choose(null)}><${Icon} name="cross" /></button>`
      : html`<${Icon} name="down" />`}
    <ul id=${list} role="listbox" hidden=${!open.value}>
      ${found.map((option, place) => html`<li key=${option.value} id=${`${list}-${place}`} role="option" aria-selected=${option.value === value}
        class=${place === active.value ? "active" : ""} onMouseDown=${(event) => event.preventDefault()} onClick=${() => pick(option)}>
        <span dir="auto">${option.label}</span>${option.detail && html`<span class="soft">${option.detail}</span>`}
      </li>`)}
      ${found.length === 0 && html`<li class="soft" role="presentation">Nothing matches.</li>`}
    </ul>
  </div>`;
}

function matching(options, text) {
  const wanted = text.trim().toLowerCase();
  return wanted ? options.filter((option) => `${option.label} ${option.detail ?? ""}`.toLowerCase().includes(wanted)) : options;
}
