/** The start: the environments that a person sees; with a single one, that one. */

import { get } from "../api/request.js";
import { useRemote } from "../live/remote.js";
import { Icon } from "../parts/icon.js";
import { Empty } from "../parts/states.js";
import { PageHead } from "../parts/tabs.js";
import { navigate } from "../router.js";
import { envs } from "../session/catalogue.js";
import { html, useEffect } from "../view.js";
import { count } from "../words.js";

export function Home() {
  const list = [...envs.value].sort((one, other) => one.name.localeCompare(other.name));
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
  return html`<${PageHead} title="Environments" />
    <ul class="tiles">${list.map((env) => html`<li key=${env.id}><${Tile} env=${env} /></li>`)}</ul>`;
}

function Tile({ env }) {
  const deployments = useRemote((abort) => get("/deployments", { env_id: env.id, per_page: 0 }, abort), [env.id], ["deployments"], (event) => event.env_id === env.id);
  const running = useRemote((abort) => get("/deployment-tasks", { env_id: env.id, active_only: true, per_page: 0 }, abort), [env.id], ["deployment_tasks"], (event) => event.env_id === env.id);
  const total = deployments.value.data?.num_total;
  const busy = running.value.data?.num_total ?? 0;
  return html`<a class="tile" href=${`/envs/${env.id}`}>
    <strong>${env.name}</strong>
    <span>${total === undefined ? "…" : count(total, "deployment")}</span>
    ${busy > 0 && html`<span class="status busy"><${Icon} name="busy" turning=${true} />${count(busy, "task")} under way</span>`}
  </a>`;
}
