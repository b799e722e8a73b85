/** A dialog with a small form: for things that are created or changed with a few fields. */

import { html, useSignal } from "../view.js";
import { Dialog } from "./dialog.js";
import { useSending } from "./sending.js";
import { Problem } from "./states.js";

/**
 * `fields` are `{key, label, kind?, options?, help?}`; kinds are text, long, check and choice. `save(values)` sends; a
 * refusal stays in the dialog, and nothing typed is lost.
 */
export function Editor({ title, verb, fields, initial = {}, save, close }) {
  const values = useSignal({ ...Object.fromEntries(fields.map((field) => [field.key, field.kind === "check" ? false : ""])), ...initial });
  const set = (key, value) => (values.value = { ...values.value, [key]: value });
  const { busy, error, send } = useSending(async () => {
    await save(values.value);
    close();
  });
  return html`<${Dialog} title=${title} close=${close}>
    <form onSubmit=${send}>
      ${fields.map((field) => html`<${EditorField} key=${field.key} field=${field} value=${values.value[field.key]} set=${(value) => set(field.key, value)} />`)}
      ${error.value && html`<${Problem} error=${error.value} />`}
      <div class="buttons"><button type="button" onClick=${close}>Leave as it is</button><button type="submit" class="primary" disabled=${busy.value}>${verb}</button></div>
    </form>
  </${Dialog}>`;
}

function EditorField({ field, value, set }) {
  const help = field.help && html`<span class="help">${field.help}</span>`;
  const typed = (event) => set(event.target.value);
  switch (field.kind) {
    case "check":
      return html`<label class="field check"><input type="checkbox" checked=${value} onChange=${(event) => set(event.target.checked)} /><span>${field.label}${help}</span></label>`;
    case "choice":
      return html`<label class="field">${field.label}<select value=${value ?? ""} onChange=${typed}>
        ${field.options.map(([key, label]) => html`<option value=${key}>${label}</option>`)}</select>${help}</label>`;
    case "long":
      return html`<label class="field">${field.label}<textarea rows="5" class="code" spellcheck="false" autocomplete="off" value=${value} onInput=${typed}></textarea>${help}</label>`;
    default:
      return html`<label class="field">${field.label}<input type="text" autocomplete="off" value=${value} onInput=${typed} />${help}</label>`;
  }
}
