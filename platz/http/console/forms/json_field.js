/** Any JSON, for inputs whose type this console does not know. */

import { html, useSignal } from "../view.js";
import { Frame, idsOf } from "./frame.js";

/** Text that is no JSON is kept here and not given on. */
export function JsonField({ input, value, change, problem }) {
  const text = useSignal(value === undefined ? "" : JSON.stringify(value, null, 2));
  const wrong = useSignal("");
  const typed = (given) => {
    text.value = given;
    try {
      change(given.trim() ? JSON.parse(given) : undefined);
      wrong.value = "";
    } catch {
      wrong.value = "This is not JSON yet.";
    }
  };
  return html`<${Frame} input=${input} problem=${wrong.value || problem}>
    <textarea rows="4" class="code" id=${idsOf(input).id} value=${text.value} onInput=${(event) => typed(event.target.value)}></textarea>
  </${Frame}>`;
}
