/** What stands around a control: label above, help and problem below. */

import { Icon } from "../parts/icon.js";
import { html } from "../view.js";

/** Return the ids of an input's control, help and problem. */
export function idsOf(input, suffix = "") {
  const id = `input-${input.id}${suffix}`;
  return { id, help: `${id}-help`, problem: `${id}-problem` };
}

/** Return the value of `aria-describedby`. */
export function described(input, problem, suffix = "") {
  const ids = idsOf(input, suffix);
  return [input.helpText && ids.help, problem && ids.problem].filter(Boolean).join(" ") || undefined;
}

/** A labelled control. */
export function Frame({ input, mark, problem, children }) {
  const ids = idsOf(input);
  return html`<div class=${`field${problem ? " wrong" : ""}`}>
    <label for=${ids.id} dir="auto">${input.label}${mark && html`<span class="soft"> (${mark})</span>`}</label>
    ${children}
    <${Notes} input=${input} problem=${problem} />
  </div>`;
}

/** A group of controls with one legend. */
export function Group({ input, mark, problem, children }) {
  return html`<fieldset class=${`field${problem ? " wrong" : ""}`} id=${idsOf(input).id} tabindex="-1" aria-describedby=${described(input, problem)}>
    <legend dir="auto">${input.label}${mark && html`<span class="soft"> (${mark})</span>`}</legend>
    ${children}
    <${Notes} input=${input} problem=${problem} />
  </fieldset>`;
}

/** Help and problem. */
export function Notes({ input, problem }) {
  const ids = idsOf(input);
  return html`
    ${input.helpText && html`<p class="help" id=${ids.help} dir="auto">${input.helpText}</p>`}
    ${problem && html`<p class="wrong-text" id=${ids.problem}><${Icon} name="error" />${problem}</p>`}
  `;
}
