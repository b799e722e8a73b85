/** What stands in a place whose data is not there: a skeleton, an error with a way on, or an invitation. */

import { html, useEffect, useSignal } from "../view.js";
import { Icon } from "./icon.js";

/** Rows in grey, after a moment, so that a quick answer does not flicker. */
export function Loading({ rows = 4 }) {
  const shown = useSignal(false);
  useEffect(() => {
    const timer = setTimeout(() => (shown.value = true), 300);
    return () => clearTimeout(timer);
  }, []);
  if (!shown.value) return null;
  return html`<div class="skeleton" role="status"><span class="hidden">Loading</span>${Array.from({ length: rows }, () => html`<i></i>`)}</div>`;
}

/** The sentence of the server, what to do, and the reference for support. */
export function Problem({ error, retry, title = "" }) {
  return html`<div class="problem" role="alert">
    <${Icon} name="error" />
    <div>
      ${title && html`<strong>${title}</strong>`}
      <p dir="auto">${error.message}</p>
      ${error.requestId && html`<p class="soft">Request <code>${error.requestId}</code></p>`}
      ${retry && html`<button type="button" class="small" onClick=${retry}>Try again</button>`}
    </div>
  </div>`;
}

/** Nothing is here: say so, and what would be the next step. A whole page has it as its heading. */
export function Empty({ title, page = false, children }) {
  return html`<div class="empty">${page ? html`<h1 class="empty-title">${title}</h1>` : html`<p class="empty-title">${title}</p>`}${children}</div>`;
}

/** Show remote data, or the state that it is in; old data stays visible above a problem. */
export function Shown({ remote, rows, children }) {
  const { data, error } = remote.value;
  if (data === undefined) return error ? html`<${Problem} error=${error} retry=${remote.reload} />` : html`<${Loading} rows=${rows} />`;
  return html`${error && html`<${Problem} error=${error} retry=${remote.reload} />`}${children(data)}`;
}
