/** The form that a chart ships: its visible inputs, each with its help and its problem. */

import { Problem } from "../parts/states.js";
import { html } from "../view.js";
import { ArrayField } from "./array_field.js";
import { CheckboxField, NumberField, TextField } from "./plain_fields.js";
import { CollectionField } from "./collection_field.js";
import { DaysField } from "./days_field.js";
import { JsonField } from "./json_field.js";
import { RadioField } from "./radio_field.js";

const FIELDS = {
  text: TextField,
  number: NumberField,
  checkbox: CheckboxField,
  radioselect: RadioField,
  daysandhour: DaysField,
  collectionselect: CollectionField,
  array: ArrayField,
};

/** Draw the form; `envId` is the environment whose items can be chosen. */
export function Form({ form, envId }) {
  const { visible, problems, error } = form.state.value;
  if (form.inputs.length === 0) return html`<p class="soft">This chart asks nothing.</p>`;
  const shown = visible === null ? [] : form.inputs.filter((input) => visible.includes(input.id));
  const required = shown.filter((input) => input.required).length;
  const optionalIsRare = required > shown.length / 2;
  return html`<div class="form">
    ${error && html`<${Problem} error=${error} title="The form can't be checked right now." />`}
    ${shown.map((input) => html`<${Field} key=${input.id} input=${input} form=${form} envId=${envId}
      problem=${problems[input.id] ?? ""} mark=${input.required ? !optionalIsRare && "required" : optionalIsRare && "optional"} />`)}
  </div>`;
}

function Field({ input, form, envId, problem, mark }) {
  const Control = FIELDS[input.type.toLowerCase()] ?? JsonField;
  const answer = form.answers.value[input.id];
  const shownProblem = form.showProblems.value || (answer !== undefined && answer !== "" && answer !== null) ? problem : "";
  return html`<${Control} input=${input} value=${answer} mark=${mark} problem=${shownProblem} envId=${envId}
    change=${(value) => form.set(input.id, value)} />`;
}

/** The number of problems, and links to the fields that have them. */
export function ProblemSummary({ form }) {
  const { problems, visible } = form.state.value;
  if (!form.showProblems.value || Object.keys(problems).length === 0) return null;
  const listed = form.inputs.filter((input) => problems[input.id] && visible?.includes(input.id));
  const number = listed.length === 1 ? "1 answer needs attention" : `${listed.length} answers need attention`;
  return html`<div class="problem" role="alert">
    <div><strong>${number}</strong>
      <ul>${listed.map((input) => html`<li><a href=${`#input-${input.id}`} onClick=${focusField}>${input.label}</a>: ${problems[input.id]}</li>`)}</ul>
    </div>
  </div>`;
}

function focusField(event) {
  event.preventDefault();
  document.getElementById(event.target.hash.slice(1))?.focus();
}
