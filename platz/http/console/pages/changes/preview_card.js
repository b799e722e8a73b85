/** The preview of what a form says, beside the form: asked for with a button, and old as soon as the form goes on. */

import { html, useSignal } from "../../view.js";
import { PreviewAsked } from "../previews/preview_answer.js";

/** Return `{asked, ask(), told(answer), isOld(), idFor(body)}`; `wanted()` returns the body that the form makes now. */
export function usePreview(wanted) {
  const asked = useSignal(null); // {body, turn} of the last preview
  const id = useSignal(null); // of its answer
  const isOf = (body) => JSON.stringify(body) === JSON.stringify(asked.value?.body);
  return {
    asked,
    ask() {
      id.value = null;
      asked.value = { body: wanted(), turn: (asked.peek()?.turn ?? 0) + 1 };
    },
    told: (answer) => (id.value = answer.preview_id),
    isOld() {
      try {
        return !isOf(wanted());
      } catch {
        return true; // the override is being written
      }
    },
    idFor: (body) => (isOf(body) ? (id.value ?? undefined) : undefined),
  };
}

export function PreviewCard({ preview, path }) {
  const { body, turn } = preview.asked.value;
  return html`<section class="card"><h2>Preview</h2>
    ${preview.isOld() && html`<p class="notice warn" role="status">The form was changed since. Preview again to see what it does now.</p>`}
    <${PreviewAsked} key=${turn} path=${path} body=${body} told=${preview.told} />
  </section>`;
}
