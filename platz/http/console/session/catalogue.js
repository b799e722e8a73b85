/** Small collections that every page needs by id: environments, kinds, clusters, registries and people. */

import { all, hasExpired, token } from "../api/request.js";
import { watch } from "../live/socket.js";
import { computed, effect, signal } from "../view.js";

const COLLECTIONS = {
  envs: { path: "/envs", table: "envs" },
  kinds: { path: "/deployment-kinds", table: "deployment_kinds" },
  clusters: { path: "/k8s-clusters", table: "k8s_clusters" },
  registries: { path: "/helm-registries", table: "helm_registries" },
  users: { path: "/users", table: "users" },
  bots: { path: "/bots", table: "bots" },
};

const lists = Object.fromEntries(Object.keys(COLLECTIONS).map((name) => [name, signal(null)]));

/** The lists, null until they are read. */
export const { envs, kinds, clusters, registries, users, bots } = lists;

const byId = Object.fromEntries(
  Object.entries(lists).map(([name, list]) => [
    name,
    computed(() => new Map((list.value ?? []).map((item) => [item.id, item]))),
  ]),
);

/** Return an item of a list by its id, undefined when it is not known (yet). */
export const item = (name, id) => byId[name].value.get(id);
export const envOf = (id) => item("envs", id);
export const kindOf = (id) => item("kinds", id);
export const clusterOf = (id) => item("clusters", id);

/** Return the clusters of an environment that may be deployed to. */
export const clustersOf = (envId) => (clusters.value ?? []).filter((one) => one.env_id === envId && !one.ignore);

/** Say who did something: a user, a bot, a deployment, or Platz. */
export function actorOf(task) {
  if (task.acting_user_id) return item("users", task.acting_user_id)?.display_name ?? "a user";
  if (task.acting_bot_id) return item("bots", task.acting_bot_id)?.display_name ?? "a bot";
  return task.acting_deployment_id ? "a deployment" : "Platz";
}

/** Read the lists at each sign-in, and again when they change; forget them when the person has left. */
export function followCatalogue() {
  effect(() => {
    if (token.value) Object.keys(COLLECTIONS).forEach(read);
    else if (!hasExpired.value) Object.values(lists).forEach((list) => (list.value = null));
  });
  const timers = new Map();
  const later = (name) => {
    if (timers.has(name)) return;
    timers.set(name, setTimeout(() => (timers.delete(name), token.value && read(name)), 200));
  };
  const byTable = Object.fromEntries(Object.entries(COLLECTIONS).map(([name, { table }]) => [table, name]));
  watch([...Object.keys(byTable), "env_user_permissions"], (event) => {
    if (event === null || event.table === "env_user_permissions") Object.keys(COLLECTIONS).forEach(later);
    else later(byTable[event.table]);
  });
}

async function read(name) {
  try {
    lists[name].value = await all(COLLECTIONS[name].path);
  } catch {
    if (lists[name].peek() === null && token.peek()) setTimeout(() => token.peek() && read(name), 2000);
  }
}
