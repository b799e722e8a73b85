/** Pages that few people open: their modules are loaded when they are first shown. */

import { useRemote } from "../live/remote.js";
import { html } from "../view.js";
import { Problem, Shown } from "./states.js";

const GONE = new Error("This part of the console could not be loaded. Perhaps Platz was updated; try again to load the whole page anew.");

/** Return a component in place of the one called `name` in the module that `load()` imports. */
export function later(load, name) {
  return function Later(properties) {
    const remote = useRemote(load, []);
    if (remote.value.error) return html`<${Problem} error=${GONE} retry=${() => location.reload()} />`;
    return html`<${Shown} remote=${remote}>${(module) => html`<${module[name]} ...${properties} />`}</${Shown}>`;
  };
}
