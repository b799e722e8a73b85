/** What differs between two states of a deployment: inputs, override, values and objects. */

import { html } from "../../view.js";
import { count } from "../../words.js";
import { Hunks } from "./hunks.js";

const SIGNS = { deleted: "Deleted", changed: "Changed", created: "New", unchanged: "Unchanged" };
const COLOURS = { deleted: "bad", created: "good" };

/** Draw everything that `answer` (a preview or a comparison) tells; `folded` where there is little room. */
export function DifferenceList({ answer, folded = false }) {
  return html`
    <${Values} title="Inputs" differences=${answer.inputs} open=${!folded} />
    <${Values} title="Override" differences=${answer.override} open=${!folded} />
    <${Values} title="Values as Helm gets them" differences=${answer.values} problem=${answer.values_problem} />
    <${Objects} objects=${answer.objects} problem=${answer.objects_problem} open=${!folded} />
    ${[...(answer.notes ?? []), ...answer.cut].map((sentence) => html`<p class="soft" dir="auto">${sentence}</p>`)}
  `;
}

function Values({ title, differences, problem, open = false }) {
  if (!differences) return html`<p class="soft" dir="auto">${title}: ${problem}</p>`;
  if (differences.length === 0) return null;
  return html`<details open=${open}><summary>${title}: ${count(differences.length, "difference")}</summary>
    <dl class="answers">${differences.map(({ path, before, after }) => html`<dt><code dir="auto">${path || "all"}</code></dt>
      <dd dir="auto"><${Value} tag="del" value=${before} /> <span aria-hidden="true">→</span> <${Value} tag="ins" value=${after} /></dd>`)}</dl>
  </details>`;
}

function Value({ tag, value }) {
  if (value === null || value === undefined) return html`<span class="soft">not set</span>`;
  return html`<${tag}>${typeof value === "string" ? value : JSON.stringify(value)}</${tag}>`;
}

function Objects({ objects, problem, open }) {
  if (!objects) return problem && html`<p class="soft" dir="auto">Objects: ${problem}</p>`;
  const differing = objects.filter((one) => one.change !== "unchanged");
  if (differing.length === 0) return objects.length > 0 && html`<p class="soft">Objects: ${tally(objects)}</p>`;
  return html`<details open=${open}><summary>Objects: ${tally(objects)}</summary>
    <ul class="objects">${differing.map((one) => html`<li><${OneObject} object=${one} /></li>`)}</ul>
  </details>`;
}

/** `2 deleted, 8 changed, 1 unchanged`. */
function tally(objects) {
  return Object.entries(SIGNS)
    .map(([change, sign]) => [objects.filter((one) => one.change === change).length, sign.toLowerCase()])
    .filter(([number]) => number > 0)
    .map((pair) => pair.join(" "))
    .join(", ");
}

function OneObject({ object }) {
  const { change, kind, name, hunks, restarts } = object;
  const title = html`<span class=${COLOURS[change]}>${SIGNS[change]}</span> ${kind} <strong dir="auto">${name}</strong>
    <${LineCounts} lines=${hunks.flat()} />${restarts && html` <span class="pill">restarts</span>`}`;
  if (hunks.length === 0) return html`<p class="object">${title}</p>`;
  return html`<details><summary class="object">${title}</summary><${Hunks} hunks=${hunks} of=${[kind, object.namespace, name].filter(Boolean).join(" ")} /></details>`;
}

function LineCounts({ lines }) {
  const of = (mark) => lines.filter((line) => line.mark === mark).length;
  const [more, less] = [of("+"), of("-")];
  return html`<span class="nowrap">${more > 0 && html` <span class="good">+${more}</span>`}${less > 0 && html` <span class="bad">−${less}</span>`}</span>`;
}
