/** The answers of a form, and what the server says about them: which inputs are visible, and what is wrong. */

import { post } from "../api/request.js";
import { useEffect, useMemo, signal } from "../view.js";

const SETTLE = 120; // milliseconds after the last key

/**
 * Keep the answers of a form whose state `path` evaluates (`POST path {config, ...extra}`).
 * `initial` are stored answers; null makes a new form, which begins with the inputs' initial values. `check()` of the
 * form asks the server now, and returns whether all is well: what is on the screen may be older than the answers.
 */
export function useAnswers(schema, path, initial, extra = {}) {
  const form = useMemo(() => newForm(schema, initial), [path]); // not by what is read anew: nothing typed is lost
  useEffect(() => {
    let sent = 0;
    let timer = 0;
    form.check = async () => {
      clearTimeout(timer);
      const mine = (sent += 1);
      try {
        const state = await post(path, { config: form.answers.peek(), ...extra });
        if (mine === sent) form.state.value = { ...state, error: null };
        return Object.keys(state.problems).length === 0;
      } catch (error) {
        if (mine === sent) form.state.value = { ...form.state.peek(), error };
        throw error;
      }
    };
    const evaluate = () => form.check().catch(() => {}); // the form shows the error
    let first = true;
    const stop = form.answers.subscribe(() => {
      clearTimeout(timer);
      timer = setTimeout(evaluate, first ? 0 : SETTLE);
      first = false;
    });
    return () => {
      sent += 1;
      clearTimeout(timer);
      stop();
    };
  }, [form]);
  return form;
}

function newForm(schema, initial) {
  const inputs = schema?.inputs ?? [];
  const answers = signal(initial === null ? initialAnswers(inputs) : { ...initial });
  return {
    inputs,
    answers,
    state: signal({ visible: null, problems: {}, error: null }),
    showProblems: signal(false),
    check: async () => false,
    set(id, value) {
      const { [id]: _, ...others } = answers.peek();
      answers.value = value === undefined ? others : { ...others, [id]: value };
    },
  };
}

function initialAnswers(inputs) {
  const given = inputs.filter((input) => input.initialValue !== undefined && input.initialValue !== null);
  return Object.fromEntries(given.map((input) => [input.id, input.initialValue]));
}

/**
 * Return the answers to carry over to another version of a form: what that form asks, with the same type.
 * `dropped` and `added` are labels: what is no longer asked like that, and what was never asked before.
 */
export function carriedOver(answers, before, after) {
  const types = new Map((before?.inputs ?? []).map((input) => [input.id, kindOfInput(input)]));
  const kept = {};
  const dropped = [];
  const asked = new Map((after?.inputs ?? []).map((input) => [input.id, kindOfInput(input)]));
  for (const [id, answer] of Object.entries(answers)) {
    if (asked.has(id) && (!types.has(id) || types.get(id) === asked.get(id))) kept[id] = answer;
    else if (!types.has(id) && !asked.has(id)) kept[id] = answer; // nobody asked for it: the person's own key
    else dropped.push(id);
  }
  const added = [...asked.keys()].filter((id) => !(id in answers) && !types.has(id));
  for (const input of after?.inputs ?? []) {
    if (added.includes(input.id) && input.initialValue !== undefined && input.initialValue !== null) kept[input.id] = input.initialValue;
  }
  const labels = new Map([...(before?.inputs ?? []), ...(after?.inputs ?? [])].map((input) => [input.id, input.label || input.id]));
  const labelled = (ids) => ids.map((id) => labels.get(id));
  return { kept, dropped: labelled(dropped), added: labelled(added) };
}

function kindOfInput(input) {
  return `${input.type} ${input.itemType ?? ""} ${JSON.stringify(input.collection ?? "")}`;
}
