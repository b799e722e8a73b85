/** The differing lines of an object, as the server prepared them. */

import { html } from "../../view.js";

/** Draw the hunks `of` an object: a gutter with both line numbers, a sign, and the line as inserted, deleted or plain text. */
export function Hunks({ hunks, of }) {
  return html`<div class="hunks" role="region" aria-label=${`Changed lines of ${of}`} tabindex="0">
    ${hunks.map((hunk) => html`<ol>${hunk.map((line) => html`<${Line} line=${line} />`)}</ol>`)}
  </div>`;
}

const KINDS = { "+": "added", "-": "removed", " ": "same" };

function Line({ line }) {
  const { mark, text } = line;
  const shown = mark === "+" ? html`<ins>${text}</ins>` : mark === "-" ? html`<del>${text}</del>` : html`<span>${text}</span>`;
  return html`<li class=${KINDS[mark]}><i>${line.before ?? ""}</i><i>${line.after ?? ""}</i><b>${mark}</b>${shown}</li>`;
}
