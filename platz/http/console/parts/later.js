/** Pages that few people open: their modules are loaded when they are first shown. */

import { useRemote } from "../live/remote.js";
import { html } from "../view.js";
import { Shown } from "./states.js";

/** Return a component in place of the one called `name` in the module that `load()` imports. */
export function later(load, name) {
  return function Later(properties) {
    const remote = useRemote(load, []);
    return html`<${Shown} remote=${remote}>${(module) => html`<${module[name]} ...${properties} />`}</${Shown}>`;
  };
}
