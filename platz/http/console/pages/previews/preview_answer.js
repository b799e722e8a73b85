/** What a change would do, as the server tells it, before it is made. */

import { post } from "../../api/request.js";
import { useRemote } from "../../live/remote.js";
import { Icon } from "../../parts/icon.js";
import { Shown } from "../../parts/states.js";
import { html } from "../../view.js";
import { DifferenceList } from "./difference_list.js";

/** Ask for a preview and show it, `folded` in a dialog; `told(answer)` learns of it, so that the change can carry its id. */
export function PreviewAsked({ path, body, told = () => {}, folded = false }) {
  const asked = JSON.stringify(body);
  const remote = useRemote(async (abort) => {
    const answer = await post(path, body, abort);
    told(answer);
    return answer;
  }, [path, asked]);
  return html`<section class="preview" aria-label="Preview" aria-live="polite">
    <${Shown} remote=${remote} rows=${2}>${(answer) => html`<${PreviewAnswer} answer=${answer} folded=${folded} />`}</${Shown}>
  </section>`;
}

/** Draw a preview: the sentence, or all refusals in its place; dangers, restarts, and what differs. */
function PreviewAnswer({ answer, folded }) {
  return html`
    ${answer.refusals.length === 0 ? html`<p class="preview-sentence">${answer.sentence}</p>` : html`<div class="strip bad"><${Icon} name="error" /><div>
      <strong>This would fail</strong>${answer.refusals.map((sentence) => html`<p dir="auto">${sentence}</p>`)}
    </div></div>`}
    ${answer.dangers.length > 0 && html`<div class="strip warn"><${Icon} name="alert" /><div>
      ${answer.dangers.map((danger) => html`<p dir="auto">${danger.sentence}</p>`)}
    </div></div>`}
    ${answer.restarts.length > 0 && html`<p dir="auto">Restarts: ${answer.restarts.join(", ")}</p>`}
    <${DifferenceList} answer=${answer} folded=${folded} />
  `;
}
