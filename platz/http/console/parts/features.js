/** What a chart's features mean for the console. */

import { clusterOf, kindOf } from "../session/catalogue.js";

/** Return the features of a chart as one shape, whichever version of the format they were written in. */
export function featuresOf(chart) {
  const stored = chart?.features ?? {};
  const spec = stored.spec ?? stored;
  const ingress = typeof spec.ingress === "object" && spec.ingress ? spec.ingress : {};
  return {
    ingress: ingress.enabled ?? spec.standard_ingress ?? false,
    hostnameFormat: ingress.hostname_format ?? "KindAndName",
    onePerCluster: spec.cardinality === "OnePerCluster",
  };
}

/** Return the address of a running deployment, null when it has none. */
export function addressOf(deployment, chart) {
  const features = featuresOf(chart);
  const domain = clusterOf(deployment.cluster_id)?.ingress_domain;
  if (!features.ingress || !domain || !deployment.enabled || deployment.status === "Uninstalled") return null;
  return `https://${hostname(kindOf(deployment.kind_id)?.name ?? "", deployment.name, features)}.${domain}/`;
}

/** Return the namespace of a deployment, which is also the name of its release. */
export function namespaceOf(kindName, name) {
  return name ? `${kindName.toLowerCase()}-${name}` : kindName.toLowerCase();
}

function hostname(kindName, name, features) {
  return features.hostnameFormat === "Name" && name ? name : namespaceOf(kindName, name);
}
