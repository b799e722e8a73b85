/** The search and the filters of the list of deployments; they stand in the address, and the server counts them. */

import { Icon } from "../parts/icon.js";
import { changeQuery } from "../router.js";
import { html, useEffect, useRef } from "../view.js";

const PAUSE = 150; // milliseconds without a key before the server is asked

const TITLES = {
  status: "State",
  kind_id: "Kind",
  version: "Version",
  cluster_id: "Cluster",
  env_id: "Environment",
  problem: "Trouble",
  enabled: "Enabled",
};
const WORDS = {
  problem: { true: "With trouble", false: "Without trouble" },
  enabled: { true: "Enabled", false: "Disabled" },
};

export const FILTERS = Object.keys(TITLES);

export const isFiltered = (query) => ["q", ...FILTERS].some((key) => query[key]);

/** The changes of the query that take all filters away. */
export const withoutFilters = () => Object.fromEntries(["q", "page", ...FILTERS].map((key) => [key, ""]));

export function Filters({ facets, query, envId }) {
  const known = useRef({});
  if (facets) known.current = facets;
  const offered = FILTERS.filter((key) => !(envId && key === "env_id"));
  return html`<form class="filters" role="search" onSubmit=${(event) => event.preventDefault()}>
    <${Search} text=${query.q ?? ""} />
    ${offered.map((key) => html`<${Choice} key=${key} name=${key} value=${query[key] ?? ""} options=${known.current[key] ?? []} />`)}
    ${isFiltered(query) && html`<button type="button" class="small" onClick=${() => changeQuery(withoutFilters())}>Clear</button>`}
  </form>`;
}

function Search({ text }) {
  const timer = useRef(0);
  const field = useRef(null);
  useEffect(() => {
    if (document.activeElement !== field.current) field.current.value = text; // the address changed elsewhere
  }, [text]);
  const search = (event) => {
    const q = event.target.value;
    clearTimeout(timer.current);
    timer.current = setTimeout(() => changeQuery({ q, page: "" }), PAUSE);
  };
  return html`<label class="search"><${Icon} name="search" /><span class="hidden">Search deployments</span>
    <input ref=${field} type="search" placeholder="Name, version, input, …" autocomplete="off" onInput=${search} /></label>`;
}

function Choice({ name, value, options }) {
  const title = (option) => WORDS[name]?.[option.value] ?? option.title ?? "unknown";
  const isMissing = value && !options.some((option) => option.value === value);
  return html`<label class=${value ? "chosen" : ""}><span class="hidden">${TITLES[name]}</span>
    <select value=${value} onChange=${(event) => changeQuery({ [name]: event.target.value, page: "" })}>
      <option value="">${TITLES[name]}</option>
      ${isMissing && html`<option value=${value}>${title({ value })} (0)</option>`}
      ${options.map((option) => html`<option key=${option.value} value=${option.value}>${title(option)} (${option.count.toLocaleString()})</option>`)}
    </select>
  </label>`;
}
