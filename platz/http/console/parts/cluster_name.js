/** A cluster's name, marked when the cluster does not answer. */

import { html } from "../view.js";
import { Icon } from "./icon.js";

export function ClusterName({ cluster }) {
  if (!cluster) return html`<span class="soft">…</span>`;
  return html`<span class="nowrap">${!cluster.is_ok && html`<span class="bad-text" title=${cluster.not_ok_reason ?? ""}><${Icon} name="alert" /><span class="hidden">not answering: </span></span>`}${cluster.name}</span>`;
}
