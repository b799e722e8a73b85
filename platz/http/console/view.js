/** The view library as the console uses it: one import for markup, hooks and signals. */

import htm from "./vendor/htm.mjs";
import { h } from "./vendor/preact.mjs";

export { Fragment, render } from "./vendor/preact.mjs";
export { useEffect, useId, useMemo, useRef, useState } from "./vendor/hooks.mjs";
export { batch, computed, effect, signal, useComputed, useSignal } from "./vendor/signals.mjs";

/** A tagged template for markup: html`<p>${text}</p>`. */
export const html = htm.bind(h);
