/** The search over everything, in the top bar: `/` opens it, arrows choose, Enter goes there. */

import { get } from "../api/request.js";
import { Icon } from "../parts/icon.js";
import { navigate } from "../router.js";
import { html, useEffect, useId, useRef, useSignal } from "../view.js";
import { deploymentsAt } from "./glance.js";

const PAUSE = 120; // milliseconds without a key before the server is asked
const FEWEST_LETTERS = 2;

const TARGETS = {
  Deployment: (hit) => `/deployments/${hit.id}`,
  Task: (hit) => `/tasks/${hit.id}`,
  Chart: (hit) => `/charts/${hit.parent_id}`,
  Cluster: (hit) => (hit.env_id ? deploymentsAt(hit.env_id, { cluster_id: hit.id }) : "/admin/clusters"),
  Person: (hit) => `mailto:${hit.detail}`,
  Resource: (hit) => `/envs/${hit.env_id}/resources/${hit.parent_id}/${hit.id}`,
};
const ICONS = { Deployment: "list", Task: "clock", Chart: "chart", Cluster: "cluster", Person: "people", Resource: "key" };

export function SearchBox() {
  const list = useId();
  const field = useRef(null);
  const text = useSignal("");
  const found = useSignal(null);
  const active = useSignal(0);
  const open = useSignal(false);
  useSlashKey(field);
  useAnswers(text, found, active);
  const hits = found.value?.hits ?? [];
  const close = () => (open.value = false);
  const go = (hit) => {
    close();
    field.current.blur();
    const target = TARGETS[hit.type](hit);
    if (target.startsWith("mailto:")) location.assign(target);
    else navigate(target);
  };
  const keys = (event) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step && hits.length) {
      event.preventDefault();
      active.value = (active.value + step + hits.length) % hits.length;
    } else if (event.key === "Enter" && open.value && hits[active.value]) {
      event.preventDefault();
      go(hits[active.value]);
    } else if (event.key === "Escape") {
      close();
      field.current.blur();
    }
  };
  const shown = open.value && text.value.trim().length >= FEWEST_LETTERS && found.value !== null;
  return html`<search class="everything" onFocusout=${(event) => event.currentTarget.contains(event.relatedTarget) || close()}>
    <label class="search"><${Icon} name="search" /><span class="hidden">Search everything</span>
      <input ref=${field} type="search" role="combobox" autocomplete="off" placeholder="Search everything" aria-keyshortcuts="/" aria-expanded=${shown}
        aria-controls=${list} aria-autocomplete="list" aria-activedescendant=${shown && hits.length ? `${list}-${active.value}` : undefined}
        onFocus=${() => (open.value = true)} onInput=${(event) => { open.value = true; text.value = event.target.value; }} onKeyDown=${keys} />
      <kbd aria-hidden="true">/</kbd></label>
    <ul id=${list} role="listbox" aria-label="Found" class="hits" hidden=${!shown}>
      ${hits.map((hit, place) => html`<${Hit} key=${hit.id} id=${`${list}-${place}`} hit=${hit} active=${place === active.value} go=${go} />`)}
      ${found.value?.error && html`<li role="presentation" class="wrong-text">${found.value.error.message}</li>`}
      ${found.value?.hits?.length === 0 && html`<li role="presentation" class="soft">Nothing matches.</li>`}
    </ul>
  </search>`;
}

function Hit({ id, hit, active, go }) {
  return html`<li id=${id} role="option" aria-selected=${active} class=${active ? "active" : ""} onMouseDown=${(event) => event.preventDefault()} onClick=${() => go(hit)}>
    <${Icon} name=${ICONS[hit.type]} /><span class="hit"><strong dir="auto">${hit.title}</strong><span class="soft cut" dir="auto">${hit.detail}</span></span><span class="soft">${hit.type}</span>
  </li>`;
}

/** Let `/` go to the field, except while something is typed elsewhere. */
function useSlashKey(field) {
  useEffect(() => {
    const pressed = (event) => {
      const typing = event.target.closest?.("input, textarea, select, [contenteditable], dialog");
      if (event.key !== "/" || typing || event.ctrlKey || event.metaKey || event.altKey) return;
      event.preventDefault();
      field.current?.focus();
      field.current?.select();
    };
    addEventListener("keydown", pressed);
    return () => removeEventListener("keydown", pressed);
  }, []);
}

/** Ask the server after each pause; an answer to an older text is dropped. */
function useAnswers(text, found, active) {
  useEffect(() => {
    const q = text.value.trim();
    if (q.length < FEWEST_LETTERS) {
      found.value = null;
      return undefined;
    }
    const abort = new AbortController();
    const show = (answer) => {
      if (abort.signal.aborted) return;
      active.value = 0;
      found.value = answer;
    };
    const timer = setTimeout(() => get("/search", { q }, abort.signal).then(show, (error) => show({ error })), PAUSE);
    return () => {
      clearTimeout(timer);
      abort.abort();
    };
  }, [text.value]);
}
