/** Tabs that are addresses: links, of which one is the current page. */

import { address, takeFocus } from "../router.js";
import { html, useEffect, useRef } from "../view.js";

/** `tabs` are `[title, href]`. */
export function Tabs({ label, tabs }) {
  return html`<nav class="tabs" aria-label=${label}>
    ${tabs.map(([title, href]) => html`<a href=${href} aria-current=${address.value.path === href ? "page" : undefined}>${title}</a>`)}
  </nav>`;
}

/** The head of a page: its title, what stands beside it, and its buttons. */
export function PageHead({ title, mark, children, detail }) {
  const heading = useRef(null);
  useEffect(() => {
    if (takeFocus()) heading.current.focus({ preventScroll: true });
  }, []);
  return html`<header class="page-head">
    <div class="page-title">${mark}<div><h1 ref=${heading} tabindex="-1" dir="auto">${title}</h1>${detail && html`<p class="page-detail">${detail}</p>`}</div></div>
    ${children && html`<div class="buttons">${children}</div>`}
  </header>`;
}
