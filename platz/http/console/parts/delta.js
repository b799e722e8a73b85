/** The changed inputs of a task in the chart's words. */

const LONGEST = 60; // characters of one side

/** Return `{label, before, after}` for each entry of a `config_delta` (`{path: [before, after]}`). */
export function changesOf(delta, chart) {
  const labels = new Map((chart?.values_ui?.inputs ?? []).map((input) => [input.id, input.label]));
  return Object.entries(delta ?? {}).map(([path, [before, after]]) => ({
    label: labels.get(path) ?? path,
    before: shown(before),
    after: shown(after),
  }));
}

function shown(value) {
  if (value === undefined || value === null) return "not set";
  const text = typeof value === "string" ? value : JSON.stringify(value);
  return text.length > LONGEST ? `${text.slice(0, LONGEST)} …` : text;
}
