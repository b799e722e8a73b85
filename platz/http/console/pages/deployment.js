/** A deployment: how it is, what happened last, and what can be done. */

import { all, get, post, put, remove } from "../api/request.js";
import { useRemote } from "../live/remote.js";
import { NeedsRight, whyNot } from "../parts/allowed.js";
import { Menu } from "../parts/buttons.js";
import { Confirm } from "../parts/dialog.js";
import { ClusterName } from "../parts/cluster_name.js";
import { Icon, KindMark } from "../parts/icon.js";
import { addressOf } from "../parts/features.js";
import { later } from "../parts/later.js";
import { DeploymentStatus } from "../parts/status.js";
import { Shown } from "../parts/states.js";
import { PageHead, Tabs } from "../parts/tabs.js";
import { VersionOf } from "../parts/version.js";
import { navigate } from "../router.js";
import { clusterOf, envOf, kindOf } from "../session/catalogue.js";
import { lookAt } from "../session/current_env.js";
import { html, useEffect, useSignal } from "../view.js";
import { deploymentTitle, RESTARTABLE } from "../words.js";
import { ConfigTab } from "./deployment_config.js";
import { HistoryTab } from "./deployment_history.js";
import { OverviewTab } from "./deployment_overview.js";
import { SettingsTab } from "./deployment_settings.js";
import { Trouble } from "./deployment_trouble.js";
import { WorkloadsTab } from "./deployment_workloads.js";

const TABS = { "": OverviewTab, workloads: WorkloadsTab, history: HistoryTab, config: ConfigTab, settings: SettingsTab };

const Preview = later(() => import("./previews/preview_answer.js"), "PreviewAsked");
const RIGHTS = ["deployment_permissions", "env_user_permissions"];

/** Read a deployment with its chart, and what the person may do with it. */
export async function readDeployment(id, abort) {
  const deployment = await get(`/deployments/${id}`, { with: "allowed" }, abort);
  return { deployment, chart: await get(`/helm-charts/${deployment.helm_chart_id}`, {}, abort) };
}

export function DeploymentPage({ id, tab = "" }) {
  const remote = useRemote((abort) => readDeployment(id, abort), [id], ["deployments", ...RIGHTS], (event) => event.data.id === id || RIGHTS.includes(event.table));
  return html`<${Shown} remote=${remote}>${(data) => html`<${Deployment} ...${data} tab=${tab} />`}</${Shown}>`;
}

function Deployment({ deployment, chart: its, tab }) {
  const kind = kindOf(deployment.kind_id);
  const cluster = clusterOf(deployment.cluster_id);
  const title = deploymentTitle(deployment, kind);
  const base = `/deployments/${deployment.id}`;
  const Tab = TABS[tab] ?? OverviewTab;
  useEffect(() => {
    if (cluster?.env_id) lookAt(cluster.env_id);
    const bad = deployment.status === "Error" ? "● Error · " : "";
    document.title = `${bad}${title} · ${kind?.name ?? ""} · ${envOf(cluster?.env_id)?.name ?? ""} – Platz`;
  }, [deployment.status, title, cluster?.env_id]);
  const detail = html`<${DeploymentStatus} deployment=${deployment} /><span>${kind?.name}</span><${VersionOf} chart=${its} /><${ClusterName} cluster=${cluster} />`;
  return html`
    <${PageHead} title=${title} mark=${html`<${KindMark} name=${kind?.name} />`} detail=${detail}>
      <${Buttons} deployment=${deployment} chart=${its} title=${title} />
    </${PageHead}>
    <${Trouble} deployment=${deployment} cluster=${cluster} />
    <${Tabs} label="Deployment" tabs=${[["Overview", base], ["Workloads", `${base}/workloads`], ["History", `${base}/history`], ["Config", `${base}/config`], ["Settings", `${base}/settings`]]} />
    <${Tab} deployment=${deployment} chart=${its} cluster=${cluster} kind=${kind} />
  `;
}

function Buttons({ deployment, chart: its, title }) {
  const asking = useSignal(null);
  const base = `/deployments/${deployment.id}`;
  const open = addressOf(deployment, its);
  const actions = its.actions_schema ? actionsOf(its) : [];
  if (deployment.status === "Deleting") return null;
  const { allowed = {} } = deployment;
  const asked = (label, kind, verdict) => ({ label, act: () => (asking.value = kind), danger: kind === "delete", denied: whyNot(verdict) });
  const more = [
    ...actions.map((action) => ({ label: `${action.title} …`, href: `${base}/actions/${action.id}`, danger: action.dangerous, denied: whyNot(allowed.actions?.[action.id]) })),
    asked("Restart all workloads …", "restart", allowed.restart),
    { label: "Clone …", href: `/envs/${clusterOf(deployment.cluster_id)?.env_id}/deployments/new?from=${deployment.id}` },
    deployment.enabled ? asked("Disable …", "disable", allowed.enable) : asked("Enable …", "enable", allowed.enable),
    asked("Delete …", "delete", allowed.delete),
  ];
  return html`
    ${open && html`<a class="button" href=${open} target="_blank" rel="noopener noreferrer">Open<${Icon} name="open" /></a>`}
    <${NeedsRight} verdict=${allowed.change} label="Change …" className="primary"><a class="button primary" href=${`${base}/change`}>Change …</a></${NeedsRight}>
    <${Menu} label="More" items=${more} />
    ${asking.value && html`<${Asking} kind=${asking.value} deployment=${deployment} title=${title} close=${() => (asking.value = null)} />`}
  `;
}

/** Return the actions of a chart, whichever version of the format they were written in. */
export function actionsOf(its) {
  const stored = its.actions_schema;
  return Array.isArray(stored) ? stored.map((entry) => entry.spec) : (stored?.actions ?? []);
}

function Asking({ kind, deployment, title, close }) {
  const path = `/deployments/${deployment.id}`;
  switch (kind) {
    case "restart":
      return html`<${Confirm} title=${`Restart ${title}?`} verb="Restart all workloads" close=${close} act=${() => restartAll(deployment)}>
        <p>Each workload replaces its pods, as far as possible one after the other.</p></${Confirm}>`;
    case "disable":
      return html`<${Confirm} title=${`Disable ${title}?`} verb="Disable" danger=${true} close=${close} act=${() => put(path, { enabled: false })}>
        <p>Helm uninstalls the release and its namespace is deleted. Data in volumes is lost. The settings stay, so it can be enabled again.</p>
        <${Preview} path=${`${path}/preview`} body=${{ enabled: false }} folded=${true} /></${Confirm}>`;
    case "enable":
      return html`<${Confirm} title=${`Enable ${title}?`} verb="Enable" close=${close} act=${() => put(path, { enabled: true })}>
        <p>The chart is installed again with the present config.</p></${Confirm}>`;
    default:
      return html`<${Confirm} title=${`Delete ${title}?`} verb=${`Delete ${title}`} danger=${true} type=${title} close=${close}
        act=${async () => { await remove(path); navigate(`/envs/${clusterOf(deployment.cluster_id)?.env_id}/deployments`); }}>
        <p>This ends the application, deletes its namespace with all that is in it, and forgets its config and history.</p>
        <${Preview} path=${`${path}/preview`} body=${{ delete: true }} folded=${true} /></${Confirm}>`;
  }
}

async function restartAll(deployment) {
  const workloads = await all("/k8s-resources", { deployment_id: deployment.id });
  for (const { id, name } of workloads.filter((one) => RESTARTABLE.includes(one.kind))) {
    await post("/deployment-tasks", { deployment_id: deployment.id, operation: { RestartK8sResource: { resource_id: id, resource_name: name } } });
  }
}
