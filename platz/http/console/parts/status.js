/** States as icon, word and colour: of deployments, tasks, workloads and resources. */

import { html } from "../view.js";
import { Icon } from "./icon.js";

const LOOKS = {
  Running: ["good", "check"],
  Done: ["good", "check"],
  Ready: ["good", "check"],
  Installing: ["busy", "busy"],
  Upgrading: ["busy", "busy"],
  Renaming: ["busy", "busy", "Moving"],
  Uninstalling: ["busy", "busy"],
  Deleting: ["busy", "busy"],
  Started: ["busy", "busy", "Running"],
  Creating: ["busy", "busy"],
  Updating: ["busy", "busy"],
  Error: ["bad", "error"],
  Failed: ["bad", "error"],
  Pending: ["quiet", "clock", "Waiting"],
  Canceled: ["quiet", "cross", "Canceled"],
  Uninstalled: ["quiet", "pause", "Disabled"],
  Unknown: ["quiet", "unknown"],
};
const COLORS = { success: "good", danger: "bad", warning: "warn", primary: "busy", secondary: "quiet" };

const ENDING = ["Job", "CronJob"];

/** A state of Platz. */
export function Status({ status }) {
  const [look, icon, word] = LOOKS[status] ?? LOOKS.Unknown;
  return html`<span class=${`status ${look}`}><${Icon} name=${icon} turning=${icon === "busy"} />${word ?? status}</span>`;
}

/** The state of a deployment: what its application says while it runs, else what Platz does with it. */
export function DeploymentStatus({ deployment }) {
  const told = deployment.status === "Running" ? deployment.reported_status : null;
  if (!told) return html`<${Status} status=${deployment.status} />`;
  if (!told.content) {
    return html`<span class="status warn" title=${told.error ?? ""}><${Icon} name="alert" />Running, status unknown</span>`;
  }
  const { name, color } = told.content.status;
  return html`<span class=${`status ${COLORS[color] ?? "quiet"}`} dir="auto">
    <${Icon} name=${color === "danger" || color === "warning" ? "alert" : "check"} />${name}
  </span>`;
}

/** A metric that an application reports. */
export function Metric({ metric }) {
  return html`<span class=${`metric ${COLORS[metric.color] ?? ""}`} dir="auto">
    <strong>${metric.value}</strong> ${metric.unit} <span class="soft">${metric.short_description}</span>
  </span>`;
}

const NOTICES = { Info: ["busy", "info"], Warning: ["warn", "alert"], Danger: ["bad", "error"] };

/** A notice that an application reports. */
export function Notice({ notice }) {
  const [look, icon] = NOTICES[notice.level] ?? NOTICES.Info;
  return html`<p class=${`notice ${look}`} dir="auto"><${Icon} name=${icon} />${notice.text}</p>`;
}

/** The pods of a workload as dots and in words; those of Jobs end instead of getting ready. */
export function Replicas({ kind, colors }) {
  const number = (color) => colors.filter((one) => one === color).length;
  const ended = [["Primary", "running"], ["Success", "succeeded"], ["Danger", "failed"]]
    .filter(([color]) => number(color) > 0)
    .map(([color, word]) => `${number(color)} ${word}`);
  const replicas = colors.length ? `${number("Success")} of ${colors.length} ready` : "no replicas";
  const words = ENDING.includes(kind) ? ended.join(", ") || "no pods" : replicas;
  return html`<span class="replicas">
    <span aria-hidden="true">${colors.slice(0, 24).map((color) => html`<i class=${color.toLowerCase()}></i>`)}</span>
    <span>${words}</span>
  </span>`;
}

/** Whether a cluster answers. */
export function ClusterHealth({ cluster }) {
  if (cluster.ignore) return html`<span class="status quiet"><${Icon} name="pause" />Ignored</span>`;
  if (cluster.is_ok) return html`<span class="status good"><${Icon} name="check" />OK</span>`;
  return html`<span class="status bad"><${Icon} name="alert" />Not answering</span>`;
}
