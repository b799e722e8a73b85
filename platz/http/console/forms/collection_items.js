/** The items that a collection input offers: deployments, secrets or resources of one environment. */

import { all } from "../api/request.js";
import { useRemote } from "../live/remote.js";
import { clusterOf, kindOf, kinds } from "../session/catalogue.js";

const TABLES = { deployments: ["deployments"], secrets: ["secrets"], resources: ["deployment_resources"] };

/** Return remote `[{value, label, detail}]` for an input. */
export function useItems(input, envId) {
  const { source, read } = reading(input, envId);
  return useRemote(read, [JSON.stringify(input.collection), JSON.stringify(input.filters ?? null), envId, kinds.value?.length], TABLES[source] ?? []);
}

function reading(input, envId) {
  const { collection } = input;
  if (collection === "deployments") return { source: "deployments", read: (abort) => deployments(input, envId, abort) };
  if (collection === "secrets") return { source: "secrets", read: (abort) => secrets(input, envId, abort) };
  return { source: "resources", read: (abort) => resources(input, envId, abort) };
}

async function deployments(input, envId, abort) {
  const kindName = (input.filters ?? []).find((filter) => filter.field === "kind")?.value;
  const kind = (kinds.peek() ?? []).find((one) => one.name === kindName);
  const rows = await all("/deployments", { env_id: envId, kind_id: kind?.id }, abort);
  const items = rows.map((row) => ({ ...row, kind: kindOf(row.kind_id)?.name }));
  return fitting(input, items).map((item) => ({
    value: item.id,
    label: item.name || item.kind,
    detail: [item.name && item.kind, clusterOf(item.cluster_id)?.name, item.enabled ? "" : "disabled"].filter(Boolean).join(" · "),
  }));
}

async function secrets(input, envId, abort) {
  const rows = await all("/secrets", { env_id: envId }, abort);
  return fitting(input, rows).map((row) => ({ value: row.id, label: row.name, detail: row.collection }));
}

async function resources(input, envId, abort) {
  const reference = typeof input.collection === "string" ? { type: input.collection } : (input.collection ?? {});
  const types = await all("/deployment-resource-types", { key: reference.type }, abort);
  const wanted = types.filter(
    (type) => (!type.env_id || type.env_id === envId) && (!reference.deployment || kindOf(type.deployment_kind_id)?.name === reference.deployment),
  );
  const lists = await Promise.all(wanted.map((type) => all("/deployment-resources", { type_id: type.id, env_id: envId }, abort)));
  return fitting(input, lists.flat()).map((row) => ({ value: row.id, label: row.name, detail: "" }));
}

function fitting(input, items) {
  const filters = input.filters ?? [];
  return items.filter((item) => filters.every((filter) => JSON.stringify(item[filter.field]) === JSON.stringify(filter.value)));
}
