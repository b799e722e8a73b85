/** The config of a deployment as it is stored. */

import { CopyButton } from "../parts/buttons.js";
import { html } from "../view.js";

export function ConfigTab({ deployment }) {
  return html`<${Json} title="Inputs" value=${deployment.config} /><${Json} title="Override of values" value=${deployment.values_override} />`;
}

function Json({ title, value }) {
  const text = JSON.stringify(value ?? {}, null, 2);
  return html`<section class="card"><div class="card-head"><h2>${title}</h2><${CopyButton} text=${text} /></div><pre tabindex="0" dir="auto">${text}</pre></section>`;
}
