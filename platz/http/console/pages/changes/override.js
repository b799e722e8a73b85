/** Values that are laid over those of the form, for people who know the chart. */

import { jsonOf } from "../../parts/json_text.js";
import { html } from "../../view.js";

export function Override({ text }) {
  const used = text.peek().trim() !== "{}";
  return html`<details class="card" open=${used}>
    <summary><h2>Override of values</h2></summary>
    <p class="help">A JSON object, merged deeply over the values that the form makes. It wins over the form without a word, so use it for what the form does not offer.</p>
    <label class="field"><span class="hidden">Override, JSON</span>
      <textarea class="code" rows="6" spellcheck="false" value=${text.value} onInput=${(event) => (text.value = event.target.value)}></textarea></label>
  </details>`;
}

/** Return the override; throw what is wrong with it. */
export function parsedOverride(text) {
  const parsed = text.trim() ? jsonOf(text, "override of values") : {};
  if (typeof parsed !== "object" || parsed === null || Array.isArray(parsed)) throw new Error("The override of values must be an object, such as {}.");
  return parsed;
}
