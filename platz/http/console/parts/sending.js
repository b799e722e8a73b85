/** A request that a person makes with a button: one at a time, and its refusal stays until the next one. */

import { useSignal } from "../view.js";

/**
 * Return `{busy, error, send}`: `send(...)` runs `act(...)` unless it runs already. `send` may be the handler of a form's
 * submit, which then does not load the page anew.
 */
export function useSending(act) {
  const busy = useSignal(false);
  const error = useSignal(null);
  const send = async (...given) => {
    given[0]?.preventDefault?.();
    if (busy.value) return;
    busy.value = true;
    error.value = null;
    try {
      await act(...given);
    } catch (refusal) {
      error.value = refusal;
    } finally {
      busy.value = false;
    }
  };
  return { busy, error, send };
}
