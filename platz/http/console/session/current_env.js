/** The environment that the person looks at: the address names it, or what the page shows belongs to it. */

import { signal } from "../view.js";

const KEPT = "platz.env";

/** Its id, null before the first choice. */
export const currentEnv = signal(localStorage.getItem(KEPT));

export function lookAt(envId) {
  if (!envId || envId === currentEnv.peek()) return;
  localStorage.setItem(KEPT, envId);
  currentEnv.value = envId;
}
