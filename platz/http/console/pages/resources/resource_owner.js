/** The deployment that will manage a new resource: one of the type's kind in this environment. */

import { all } from "../../api/request.js";
import { useRemote } from "../../live/remote.js";
import { Combobox } from "../../parts/combobox.js";
import { Problem } from "../../parts/states.js";
import { clusterOf, kindOf } from "../../session/catalogue.js";
import { html, useEffect } from "../../view.js";
import { deploymentTitle } from "../../words.js";

export function ManagedBy({ type, envId, value, choose }) {
  const remote = useRemote((abort) => all("/deployments", { env_id: envId, kind_id: type.deployment_kind_id }, abort), [type.id, envId], ["deployments"]);
  const { data, error } = remote.value;
  const kind = kindOf(type.deployment_kind_id);
  useEffect(() => {
    if (data?.length === 1 && value === null) choose(data[0].id);
  }, [data?.length]);
  if (error) return html`<${Problem} error=${error} retry=${remote.reload} />`;
  if (data?.length === 0) return html`<p class="wrong-text">There is no ${kind?.name} in this environment that could manage it.</p>`;
  const options = (data ?? []).map((row) => ({ value: row.id, label: deploymentTitle(row, kind), detail: clusterOf(row.cluster_id)?.name ?? "" }));
  return html`<div class="field"><label for="owner">Managed by</label><${Combobox} id="owner" options=${options} value=${value} required=${true} choose=${choose} /></div>`;
}
