/** A dialog over the page, and one that asks before something ends. */

import { html, useEffect, useId, useRef, useSignal } from "../view.js";
import { useSending } from "./sending.js";
import { Problem } from "./states.js";

/** A modal dialog; `close` is called when it is dismissed. */
export function Dialog({ title, close, children }) {
  const element = useRef(null);
  const id = useId();
  useEffect(() => {
    element.current.showModal();
  }, []);
  return html`<dialog ref=${element} aria-labelledby=${id} onClose=${close}>
    <h2 id=${id}>${title}</h2>
    ${children}
  </dialog>`;
}

/**
 * Ask before a change: `children` say what it does, `act()` does it. With `type`, that text must be typed first.
 * A refusal stays in the dialog.
 */
export function Confirm({ title, verb, danger = false, type = "", act, close, children }) {
  const typed = useSignal("");
  const isTyped = !type || typed.value === type;
  const { busy, error, send } = useSending(async () => {
    if (!isTyped) return;
    await act();
    close();
  });
  return html`<${Dialog} title=${title} close=${close}>
    <form onSubmit=${send}>
      ${children}
      ${type && html`<label class="field"><span>Type <strong>${type}</strong> to go on</span>
        <input type="text" autocomplete="off" value=${typed} onInput=${(event) => (typed.value = event.target.value)} />
      </label>`}
      ${error.value && html`<${Problem} error=${error.value} />`}
      <div class="buttons">
        <button type="button" onClick=${close}>Leave as it is</button>
        <button type="submit" class=${danger ? "danger" : "primary"} disabled=${busy.value || !isTyped}>${verb}</button>
      </div>
    </form>
  </${Dialog}>`;
}
