/** The clusters that discovery found: their health, environment and ingress. */

import { put, remove } from "../../api/request.js";
import { CollectionPage } from "../../parts/collection_page.js";
import { ClusterHealth } from "../../parts/status.js";
import { Ago } from "../../parts/time.js";
import { envOf, envs } from "../../session/catalogue.js";
import { html } from "../../view.js";

const TEXTS = ["ingress_domain", "ingress_class", "ingress_tls_secret_name", "grafana_url", "grafana_datasource_name"];

export function ClustersPage() {
  return html`<${CollectionPage}
    title="Clusters"
    source=${{ path: "/k8s-clusters", tables: ["k8s_clusters"] }}
    empty="No cluster has been found yet. Platz looks for EKS clusters, or for the cluster of a kubeconfig."
    columns=${[
      { title: "Name", cell: (row) => row.name },
      { title: "Health", cell: (row) => html`<${ClusterHealth} cluster=${row} />${row.not_ok_reason && html`<p class="soft cut" dir="auto">${row.not_ok_reason}</p>`}` },
      { title: "Environment", cell: (row) => envOf(row.env_id)?.name ?? html`<span class="soft">none</span>` },
      { title: "Region", cell: (row) => row.region_name },
      { title: "Domain", cell: (row) => row.ingress_domain ?? html`<span class="soft">none</span>` },
      { title: "Last seen", cell: (row) => html`<${Ago} at=${row.last_seen_at} />` },
    ]}
    editing=${(row) => ({
      title: `Change ${row.name}`,
      verb: "Save",
      initial: { ...Object.fromEntries(TEXTS.map((key) => [key, row[key] ?? ""])), env_id: row.env_id ?? "", ignore: row.ignore },
      fields: [
        { key: "env_id", label: "Environment", kind: "choice", options: [["", "None"], ...(envs.value ?? []).map((env) => [env.id, env.name])], help: "Its members see the cluster's deployments." },
        { key: "ingress_domain", label: "Ingress domain", help: "Deployments with an ingress get a host name under it." },
        { key: "ingress_class", label: "Ingress class" },
        { key: "ingress_tls_secret_name", label: "TLS secret of the ingress" },
        { key: "grafana_url", label: "Grafana, address" },
        { key: "grafana_datasource_name", label: "Grafana, data source" },
        { key: "ignore", label: "Ignore this cluster", kind: "check", help: "Platz runs no tasks in it and watches nothing." },
      ],
      save: (values) => put(`/k8s-clusters/${row.id}`, { ...Object.fromEntries(TEXTS.map((key) => [key, values[key] || null])), env_id: values.env_id || null, ignore: values.ignore }),
    })}
    deleting=${(row) => ({ title: `Forget ${row.name}?`, verb: "Forget the cluster", act: () => remove(`/k8s-clusters/${row.id}`), children: html`<p>Nothing changes in the cluster itself. If it still exists, discovery finds it again.</p>` })}
  />`;
}
