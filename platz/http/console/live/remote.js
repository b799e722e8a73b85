/** Data of the server that a component shows: read when it appears, read again when it changes. */

import { useEffect, useRef, useSignal } from "../view.js";
import { watch } from "./socket.js";

const SETTLE = 120; // milliseconds in which several events become one reading
const SPACING = 1000; // between two readings while events keep coming

/**
 * Read with `load(abort)` now, when `inputs` change, and when a row of `tables` changed for which `concerns(event)`.
 * Returns a signal of `{data, error, loading}`; old data stays until new data is there.
 */
export function useRemote(load, inputs, tables = [], concerns = () => true) {
  const state = useSignal({ data: undefined, error: null, loading: true });
  const latest = useRef({});
  Object.assign(latest.current, { load, concerns });
  useEffect(() => {
    const reading = startReading(state, latest);
    const stop = tables.length ? watch(tables, reading.changed) : () => {};
    return () => {
      stop();
      reading.stop();
    };
  }, inputs);
  state.reload = () => latest.current.now?.();
  return state;
}

function startReading(state, latest) {
  let abort = new AbortController();
  let timer = 0;
  let last = 0;
  const read = async () => {
    clearTimeout(timer);
    timer = 0;
    last = Date.now();
    abort.abort();
    const mine = (abort = new AbortController());
    state.value = { ...state.peek(), loading: true };
    try {
      const data = await latest.current.load(mine.signal);
      if (!mine.signal.aborted) state.value = { data, error: null, loading: false };
    } catch (error) {
      if (!mine.signal.aborted) state.value = { ...state.peek(), error, loading: false };
    }
  };
  latest.current.now = read;
  read();
  return {
    changed: (event) => {
      if (timer || (event && !latest.current.concerns(event))) return;
      timer = setTimeout(read, Math.max(SETTLE, last + SPACING - Date.now()));
    },
    stop: () => {
      clearTimeout(timer);
      abort.abort();
    },
  };
}
