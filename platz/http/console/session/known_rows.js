/** Rows that pages name by their id: charts and deployments, read once each and kept in step with the server. */

import { get, hasExpired, token } from "../api/request.js";
import { watch } from "../live/socket.js";
import { effect, signal } from "../view.js";

const charts = keeper("/helm-charts");
const deployments = keeper("/deployments");

/** Return a signal of the chart: undefined while it is not known, null when there is none. */
export const knownChart = (id) => charts.known(id);

/** Return a signal of the deployment: undefined while it is not known, null when there is none. */
export const knownDeployment = (id) => deployments.known(id);

/** Follow changes, and forget everything when the person has left. */
export function followKnownRows() {
  effect(() => {
    if (token.value || hasExpired.value) return;
    charts.forget();
    deployments.forget();
  });
  watch(["helm_charts"], charts.changed);
  watch(["deployments"], deployments.changed);
}

function keeper(path) {
  const rows = new Map();
  const read = async (id) => {
    try {
      const row = await get(`${path}/${id}`);
      if (rows.has(id)) rows.get(id).value = row;
    } catch (error) {
      if (error.status === 404 && rows.has(id)) rows.get(id).value = null; // else the next reconnection reads it again
    }
  };
  return {
    known(id) {
      if (!rows.has(id)) {
        rows.set(id, signal(undefined));
        read(id);
      }
      return rows.get(id);
    },
    changed(event) {
      if (event === null) [...rows.keys()].forEach(read);
      else if (rows.has(event.data.id)) read(event.data.id);
    },
    forget: () => rows.clear(),
  };
}
