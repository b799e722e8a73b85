/** An environment at a glance. */

import { Empty } from "../parts/states.js";
import { Icon } from "../parts/icon.js";
import { PageHead } from "../parts/tabs.js";
import { clustersOf, envOf } from "../session/catalogue.js";
import { html, useEffect } from "../view.js";
import { count } from "../words.js";
import { Glance } from "./glance.js";

export function EnvOverview({ env: envId }) {
  const env = envOf(envId);
  useEffect(() => {
    document.title = `${env?.name ?? "Environment"} – Platz`;
  }, [env?.name]);
  if (!env) return html`<${Empty} page=${true} title="You do not see this environment, or it does not exist." />`;
  return html`
    <${PageHead} title=${env.name}><a class="button primary" href=${`/envs/${envId}/deployments/new`}><${Icon} name="add" />New deployment</a></${PageHead}>
    <${Glance} envId=${envId} empty=${html`<${FirstSteps} env=${env} />`} />
  `;
}

function FirstSteps({ env }) {
  const clusters = clustersOf(env.id);
  return html`<${Empty} title=${`Nothing is deployed in ${env.name} yet.`}>
    ${clusters.length === 0
      ? html`<p>No cluster belongs to ${env.name}. A site admin can <a href="/admin/clusters">assign one</a>.</p>`
      : html`<p>${count(clusters.length, "cluster is", "clusters are")} ready: ${clusters.map((one) => one.name).join(", ")}.</p>
          <p><a class="button primary" href=${`/envs/${env.id}/deployments/new`}>New deployment</a> <a class="button" href="/charts">See the charts</a></p>`}
  </${Empty}>`;
}
