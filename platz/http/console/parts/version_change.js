/** The step from one chart version to another. */

import { html } from "../view.js";
import { Version } from "./version.js";

export function VersionChange({ from, to }) {
  if (!to) return null;
  return html`<p class="version-change">${from && from !== to && html`<${Version} chartId=${from} /><span aria-label="to"> → </span>`}<${Version} chartId=${to} /></p>`;
}
