/** The pages of the console by their addresses. */

import { later } from "../parts/later.js";
import { match } from "../router.js";
import { Activity } from "./activity.js";
import { Charts, KindCharts } from "./charts.js";
import { DeploymentPage } from "./deployment.js";
import { Deployments } from "./deployments.js";
import { EnvOverview } from "./env_overview.js";
import { Home } from "./home.js";
import { Secrets } from "./secrets.js";
import { TaskPage } from "./task.js";

const PAGES = [
  ["/", Home],
  ["/envs/:env", EnvOverview],
  ["/envs/:env/deployments", Deployments],
  ["/envs/:env/deployments/new", later(() => import("./changes/change.js"), "NewDeployment")],
  ["/envs/:env/activity", Activity],
  ["/envs/:env/secrets", Secrets],
  ["/envs/:env/resources/:type", later(() => import("./resources/resources.js"), "Resources")],
  ["/envs/:env/resources/:type/:resource", later(() => import("./resources/resources.js"), "ResourceForm")],
  ["/envs/:env/settings", later(() => import("./settings/env_settings.js"), "EnvSettings")],
  ["/deployments", Deployments],
  ["/deployments/:id/change", later(() => import("./changes/change.js"), "ChangePage")],
  ["/deployments/:id/compare", later(() => import("./previews/compare.js"), "ComparePage")],
  ["/deployments/:id/actions/:action", later(() => import("./changes/action.js"), "ActionPage")],
  ["/deployments/:id", DeploymentPage],
  ["/deployments/:id/:tab", DeploymentPage],
  ["/tasks/:id", TaskPage],
  ["/charts", Charts],
  ["/charts/:kind", KindCharts],
  ["/admin/clusters", later(() => import("./admin/clusters.js"), "ClustersPage")],
  ["/admin/environments", later(() => import("./admin/environments.js"), "EnvironmentsPage")],
  ["/admin/registries", later(() => import("./admin/registries.js"), "RegistriesPage")],
  ["/admin/tag-formats", later(() => import("./admin/tag_formats.js"), "TagFormatsPage")],
  ["/admin/users", later(() => import("./admin/users.js"), "UsersPage")],
  ["/admin/bots", later(() => import("./admin/bots.js"), "BotsPage")],
  ["/me", later(() => import("./settings/profile.js"), "Profile")],
];

/** Addresses of the older frontend, which stand in tickets and mails. */
const OLDER = [
  ["/envs/:env/deployments/:kind/:id", ({ id }) => `/deployments/${id}`],
  ["/envs/:env/deployments/:kind/:id/resources", ({ id }) => `/deployments/${id}/workloads`],
  ["/envs/:env/deployments/:kind/:id/history", ({ id }) => `/deployments/${id}/history`],
  ["/envs/:env/settings/:part", ({ env }) => `/envs/${env}/settings`],
  ["/admin/k8s", () => "/admin/clusters"],
  ["/admin/k8s/:id", () => "/admin/clusters"],
  ["/admin/helm-registries", () => "/admin/registries"],
  ["/admin/helm-registries/:id", () => "/admin/registries"],
  ["/admin/envs", () => "/admin/environments"],
  ["/admin/users/:id", () => "/admin/users"],
  ["/admin/bots/:id", () => "/admin/bots"],
  ["/profile", () => "/me"],
  ["/profile/:part", () => "/me"],
  ["/auth/login", () => "/"],
  ["/auth/logout", () => "/"],
];

/** Return `{Page, parameters}` for a path, `{redirect}` for an older address, or null. */
export function pageAt(path) {
  for (const [pattern, Page] of PAGES) {
    const parameters = match(pattern, path);
    if (parameters) return { Page, parameters };
  }
  for (const [pattern, target] of OLDER) {
    const parameters = match(pattern, path);
    if (parameters) return { redirect: target(parameters) };
  }
  return null;
}
