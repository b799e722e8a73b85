/** Text, number and checkbox. */

import { html, useSignal } from "../view.js";
import { described, Frame, idsOf, Notes } from "./frame.js";

const LONG = 80; // characters from which a text gets more room

/** A text; it grows when it is long, and hides itself when it is sensitive. */
export function TextField({ input, value, change, mark, problem }) {
  const attributes = {
    id: idsOf(input).id,
    value: typeof value === "string" ? value : "",
    autocomplete: "off",
    dir: "auto",
    "aria-describedby": described(input, problem),
    "aria-invalid": problem ? true : undefined,
    onInput: (event) => change(event.target.value),
  };
  return html`<${Frame} input=${input} mark=${mark} problem=${problem}>
    ${input.sensitive
      ? html`<${SecretText} attributes=${attributes} />`
      : attributes.value.length > LONG || attributes.value.includes("\n")
        ? html`<textarea rows="4" ...${attributes}></textarea>`
        : html`<input type="text" ...${attributes} />`}
  </${Frame}>`;
}

/** A text that is shown only on request. */
export function SecretText({ attributes }) {
  const shown = useSignal(false);
  return html`<div class="with-button">
    <input type=${shown.value ? "text" : "password"} ...${{ ...attributes, autocomplete: "new-password" }} />
    <button type="button" onClick=${() => (shown.value = !shown.value)}>${shown.value ? "Hide" : "Show"}</button>
  </div>`;
}

/** A number, typed as text, so that neither wheel nor locale change it. */
export function NumberField({ input, value, change, mark, problem }) {
  return html`<${Frame} input=${input} mark=${mark} problem=${problem}>
    <${NumberControl} input=${input} id=${idsOf(input).id} value=${value} change=${change}
      describedBy=${described(input, problem)} invalid=${Boolean(problem)} />
  </${Frame}>`;
}

/** The control of a number; text that is no number is kept as text, and the server says what is wrong. */
export function NumberControl({ input, id, value, change, describedBy, invalid, label }) {
  const text = useSignal(null);
  const shown = text.value ?? (value === undefined || value === null ? "" : String(value));
  const typed = (given) => {
    text.value = given;
    const plain = given.trim();
    change(plain === "" ? undefined : numberOf(plain));
  };
  const step = Number(input.step ?? 1) || 1;
  const by = (amount) => {
    text.value = null;
    const from = typeof value === "number" ? value : Number(input.minimum ?? 0) - (amount > 0 ? amount : 0);
    change(rounded(from + amount, step));
  };
  return html`<div class="number">
    <button type="button" aria-label=${`Less ${input.label}`} onClick=${() => by(-step)}>−</button>
    <input type="text" inputmode="decimal" autocomplete="off" id=${id} value=${shown} aria-label=${label}
      aria-describedby=${describedBy} aria-invalid=${invalid || undefined}
      onInput=${(event) => typed(event.target.value)} onBlur=${() => (text.value = null)} />
    <button type="button" aria-label=${`More ${input.label}`} onClick=${() => by(step)}>+</button>
  </div>`;
}

function numberOf(text) {
  const number = Number(text);
  return Number.isFinite(number) ? number : text;
}

function rounded(number, step) {
  const digits = Math.min(12, (String(step).split(".")[1] ?? "").length);
  return Number(number.toFixed(Math.max(digits, (String(number).split(".")[1] ?? "").length > 12 ? 12 : digits)));
}

/** Yes or no. */
export function CheckboxField({ input, value, change, mark, problem }) {
  const ids = idsOf(input);
  return html`<div class=${`field${problem ? " wrong" : ""}`}>
    <label class="check" dir="auto">
      <input type="checkbox" id=${ids.id} checked=${value === true} aria-describedby=${described(input, problem)}
        aria-invalid=${problem ? true : undefined} onChange=${(event) => change(event.target.checked)} />
      <span>${input.label}${mark && html`<span class="soft"> (${mark})</span>`}</span>
    </label>
    <${Notes} input=${input} problem=${problem} />
  </div>`;
}
