/** Controls that need a right: without it they stay in sight, do nothing, and say who may and who can give the right. */

import { html, useId } from "../view.js";

/** Whether the server allows a change: `verdict` is true, or undefined where it was not asked. */
export const isAllowed = (verdict) => verdict === undefined || verdict === true;

/** Why a change is not allowed, and who can give the right; empty when it is allowed. */
export const whyNot = (verdict) => (isAllowed(verdict) ? "" : `${verdict.reason} ${verdict.granted_by}`);

/** The control, or in its place a button with its `label` that only explains. */
export function NeedsRight({ verdict, label, className = "", children }) {
  const id = useId();
  if (isAllowed(verdict)) return children;
  return html`<span class="denied">
    <button type="button" class=${className} aria-disabled="true" aria-describedby=${id}>${label}</button>
    <span id=${id} class="denied-reason" role="tooltip" dir="auto">${whyNot(verdict)}</span>
  </span>`;
}
