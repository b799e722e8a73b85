/** One of the chart's options: radio buttons, or a list to search when there are many. */

import { Combobox } from "../parts/combobox.js";
import { html } from "../view.js";
import { described, Frame, Group, idsOf } from "./frame.js";

const MOST_BUTTONS = 6;

/** Options are told apart by their place, because their values may be any JSON. */
export function RadioField({ input, value, change, mark, problem }) {
  const options = input.options ?? [];
  const chosen = value === undefined ? -1 : options.findIndex((option) => same(option.value, value));
  const choose = (place) => change(place === null ? undefined : options[place].value);
  if (options.length === 0) {
    return html`<${Group} input=${input} problem=${problem}><p class="soft">The chart offers nothing to choose.</p></${Group}>`;
  }
  if (options.length > MOST_BUTTONS) {
    const listed = options.map((option, place) => ({ value: place, label: labelOf(option), detail: option.helpText ?? "" }));
    return html`<${Frame} input=${input} mark=${mark} problem=${problem}>
      <${Combobox} id=${idsOf(input).id} options=${listed} value=${chosen < 0 ? null : chosen} choose=${choose}
        required=${input.required} describedBy=${described(input, problem)} invalid=${Boolean(problem)} />
    </${Frame}>`;
  }
  return html`<${Group} input=${input} mark=${mark} problem=${problem}>
    ${options.map((option, place) => html`<label class="check" dir="auto">
      <input type="radio" name=${idsOf(input).id} checked=${place === chosen} onChange=${() => choose(place)} />
      <span>${labelOf(option)}${option.helpText && html`<span class="help">${option.helpText}</span>`}</span>
    </label>`)}
    ${!input.required && html`<label class="check"><input type="radio" name=${idsOf(input).id} checked=${chosen < 0} onChange=${() => choose(null)} /><span class="soft">None</span></label>`}
  </${Group}>`;
}

const labelOf = (option) => option.label || (typeof option.value === "string" ? option.value : JSON.stringify(option.value));
const same = (one, other) => JSON.stringify(one) === JSON.stringify(other);
