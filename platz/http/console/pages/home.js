/** The start: the environments that a person sees, and all of them at a glance; with a single one, that one. */

import { get } from "../api/request.js";
import { useRemote } from "../live/remote.js";
import { Empty } from "../parts/states.js";
import { PageHead } from "../parts/tabs.js";
import { navigate } from "../router.js";
import { envs } from "../session/catalogue.js";
import { html, useEffect } from "../view.js";
import { count } from "../words.js";
import { Glance } from "./glance.js";

const MOST_COUNTED = 100; // environments whose deployments the server counts

export function Home() {
  const list = envs.value;
  useEffect(() => {
    document.title = "Platz";
    if (list.length === 1) navigate(`/envs/${list[0].id}`, { replace: true });
  }, [list.length]);
  if (list.length === 0) {
    return html`<${Empty} page=${true} title="There is no environment yet.">
      <p>An environment holds clusters, the people who may use them, and what they deploy.</p>
      <p><a class="button primary" href="/admin/environments">Create the first environment</a></p>
    </${Empty}>`;
  }
  return html`<${PageHead} title="Environments" /><${Tiles} list=${list} />
    <${Glance} empty=${html`<p class="soft">Nothing is deployed yet. Choose an environment to begin.</p>`} />`;
}

/** The environments, those with most trouble first. */
function Tiles({ list }) {
  const remote = useRemote(numbers, [], ["deployments", "k8s_clusters"]);
  const { totals, troubles } = remote.value.data ?? {};
  const trouble = (env) => troubles?.get(env.id) ?? 0;
  const sorted = [...list].sort((one, other) => trouble(other) - trouble(one) || one.name.localeCompare(other.name));
  return html`<ul class="tiles">${sorted.map((env) => html`<li key=${env.id}><a class="tile" href=${`/envs/${env.id}`}>
    <strong dir="auto">${env.name}</strong>
    <span class="soft">${totals && (totals.has(env.id) || totals.size < MOST_COUNTED) ? count(totals.get(env.id) ?? 0, "deployment") : "…"}</span>
    ${trouble(env) > 0 && html`<span class="bad">${trouble(env)} with trouble</span>`}
  </a></li>`)}</ul>`;
}

async function numbers(abort) {
  const [every, bad] = await Promise.all([
    get("/overview/deployments", { per_page: 0 }, abort),
    get("/overview/deployments", { per_page: 0, problem: true }, abort),
  ]);
  const byEnv = (answer) => new Map(answer.facets.env_id.map(({ value, count: number }) => [value, number]));
  return { totals: byEnv(every), troubles: byEnv(bad) };
}
