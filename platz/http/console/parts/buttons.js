/** A button that works until the server has answered, and a menu of actions. */

import { html, useRef, useSignal } from "../view.js";
import { Icon } from "./icon.js";
import { useSending } from "./sending.js";

/** Run `act()`; while it runs the button is off, and a refusal stands beside it. */
export function ActionButton({ act, className = "", children }) {
  const { busy, error, send } = useSending(act);
  return html`<button type="button" class=${className} disabled=${busy.value} onClick=${send}>${children}</button>
    ${error.value && html`<span class="wrong-text" role="alert" dir="auto">${error.value.message}</span>`}`;
}

/** A menu: `items` are `{label, act, danger?}` or `{label, href}`; one with `denied`, the reason, does nothing. */
export function Menu({ label, items, icon = "down" }) {
  const element = useRef(null);
  const close = () => element.current?.removeAttribute("open");
  const leave = (event) => element.current?.contains(event.relatedTarget) || close();
  const keys = (event) => {
    if (event.key !== "Escape") return;
    close();
    element.current.querySelector("summary").focus();
  };
  return html`<details class="menu" ref=${element} onFocusout=${leave} onKeyDown=${keys}>
    <summary class="button">${label}<${Icon} name=${icon} /></summary>
    <div class="menu-items">
      ${items.map((entry) => entry.denied
        ? html`<button type="button" aria-disabled="true">${entry.label}<span class="soft why" dir="auto">${entry.denied}</span></button>`
        : entry.href
        ? html`<a href=${entry.href} onClick=${close}>${entry.label}</a>`
        : html`<button type="button" class=${entry.danger ? "danger-text" : ""} onClick=${() => { close(); entry.act(); }}>${entry.label}</button>`)}
    </div>
  </details>`;
}

/** Copy a text to the clipboard, and say so. */
export function CopyButton({ text, label = "Copy" }) {
  const copied = useSignal(false);
  const copy = async () => {
    await navigator.clipboard?.writeText(text);
    copied.value = true;
    setTimeout(() => (copied.value = false), 2000);
  };
  return html`<button type="button" class="small" onClick=${copy}>${copied.value ? "Copied" : label}</button>`;
}
