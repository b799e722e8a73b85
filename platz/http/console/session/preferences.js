/** What a person chose for this browser. */

import { signal } from "../view.js";

const THEME = "platz.theme";

/** `system`, `light` or `dark`. */
export const theme = signal(localStorage.getItem(THEME) || "system");

export function chooseTheme(chosen) {
  localStorage.setItem(THEME, chosen);
  document.documentElement.dataset.theme = chosen;
  theme.value = chosen;
}
