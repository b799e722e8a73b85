/** The catalogue of charts, and the versions of one kind. */

import { all, get } from "../api/request.js";
import { useRemote } from "../live/remote.js";
import { KindMark } from "../parts/icon.js";
import { Empty, Shown } from "../parts/states.js";
import { Pager, Table } from "../parts/table.js";
import { PageHead } from "../parts/tabs.js";
import { Ago } from "../parts/time.js";
import { VersionOf } from "../parts/version.js";
import { address } from "../router.js";
import { kindOf, registries } from "../session/catalogue.js";
import { currentEnv } from "../session/current_env.js";
import { html, useEffect } from "../view.js";
import { versionOf } from "../words.js";

export function Charts() {
  const remote = useRemote((abort) => newest(abort), [registries.value?.length], ["helm_charts", "helm_registries"]);
  useEffect(() => {
    document.title = "Charts – Platz";
  }, []);
  return html`<${PageHead} title="Charts" />
    <${Shown} remote=${remote}>${(rows) => rows.length === 0
      ? html`<${Empty} title="No chart has been found yet."><p>Push a chart to the registry that Platz watches; it appears here within seconds.</p></${Empty}>`
      : html`<ul class="tiles">${rows.map(({ registry, chart }) => html`<li key=${registry.id}><a class="tile" href=${`/charts/${registry.kind_id}`}>
          <span class="named"><${KindMark} name=${kindOf(registry.kind_id)?.name} /><strong>${kindOf(registry.kind_id)?.name ?? registry.repo_name}</strong></span>
          <span class="soft">${registry.repo_name}</span>${chart && html`<${VersionOf} chart=${chart} />`}</a></li>`)}</ul>`}</${Shown}>`;
}

async function newest(abort) {
  const list = registries.peek() ?? [];
  const answers = await Promise.all(list.map((registry) => get("/helm-charts", { helm_registry_id: registry.id, per_page: 1 }, abort)));
  return list.map((registry, place) => ({ registry, chart: answers[place].items[0] }))
    .sort((one, other) => one.registry.repo_name.localeCompare(other.registry.repo_name));
}

export function KindCharts({ kind: kindId }) {
  const { page, branch } = address.value.query;
  const remote = useRemote((abort) => get("/helm-charts", { kind_id: kindId, parsed_branch: branch, page, per_page: 50 }, abort), [kindId, page, branch], ["helm_charts"]);
  const kind = kindOf(kindId);
  useEffect(() => {
    document.title = `${kind?.name ?? "Chart"} – Platz`;
  }, [kind?.name]);
  const columns = [
    { title: "Version", cell: (chart) => html`<${VersionOf} chart=${chart} />` },
    { title: "Pushed", cell: (chart) => html`<${Ago} at=${chart.created_at} />` },
    { title: "Notes", cell: (chart) => html`<${Notes} chart=${chart} />` },
    { title: "", cell: (chart) => chart.available && !chart.error && currentEnv.value && html`<a class="button small" href=${`/envs/${currentEnv.value}/deployments/new?kind=${kindId}&chart=${chart.id}`}>Deploy ${versionOf(chart)}</a>` },
  ];
  return html`<${PageHead} title=${kind?.name ?? "Chart"} mark=${html`<${KindMark} name=${kind?.name} />`} detail=${html`<a href="/charts">All charts</a>`} />
    <${Shown} remote=${remote}>${(answer) => answer.items.length === 0
      ? html`<${Empty} title="No version has been found." />`
      : html`<${Table} caption="Versions, newest first" columns=${columns} rows=${answer.items} dimmed=${(chart) => !chart.available} /><${Pager} answer=${answer} />`}</${Shown}>`;
}

function Notes({ chart }) {
  if (chart.error) return html`<span class="bad-text" dir="auto">${chart.error}</span>`;
  const warnings = chart.warnings ?? [];
  if (warnings.length === 0) return null;
  return html`<details><summary>${warnings.length} warnings</summary><ul>${warnings.map((warning) => html`<li dir="auto">${warning}</li>`)}</ul></details>`;
}
