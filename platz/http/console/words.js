/** Sentences and names that several places use. */

/** How the operations of tasks are called. */
const OPERATIONS = {
  Install: "Install",
  Upgrade: "Upgrade",
  Reinstall: "Reinstall",
  Recreate: "Move",
  Uninstall: "Uninstall",
  InvokeAction: "Action",
  RestartK8sResource: "Restart",
};

/** The kinds of workload whose pods can be replaced. */
export const RESTARTABLE = ["Deployment", "StatefulSet", "DaemonSet"];

/** Say what the tasks of an operation do. */
export const operationTitle = (name) => OPERATIONS[name] ?? name;

/** Return the only key of a task's operation, and its parameters. */
export function operationOf(task) {
  const [name, parameters] = Object.entries(task.operation)[0] ?? ["", {}];
  return { name, parameters: parameters ?? {} };
}

/** Say what a task does, such as "Restart web". */
export function taskTitle(task) {
  const { name, parameters } = operationOf(task);
  const title = operationTitle(name);
  if (name === "InvokeAction") return `${title} ${parameters.action_id}`;
  if (name === "RestartK8sResource") return `${title} ${parameters.resource_name}`;
  if (name === "Recreate") return `${title} to ${parameters.new_namespace}`;
  return title;
}

/** Return the deployment's own name, or its kind's when the kind has one deployment in a cluster. */
export function deploymentTitle(deployment, kind) {
  return deployment.name || kind?.name || "deployment";
}

/** Return a chart's version as people call it. */
export function versionOf(chart) {
  return chart ? chart.parsed_version || chart.image_tag : "";
}

/** Count things: "1 deployment", "3 deployments". */
export function count(number, noun, plural = `${noun}s`) {
  return `${number.toLocaleString()} ${number === 1 ? noun : plural}`;
}

export const NOT_KNOWN = "The server did not answer, so it is not known whether this was done. Look first, then try again.";
export const NO_ANSWER = "The server does not answer. What you see may be old; Platz tries again by itself.";
