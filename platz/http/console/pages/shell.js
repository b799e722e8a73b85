/** The frame around every page: environments, navigation, the live mark and the person's menu. */

import { all, get, hasExpired, token } from "../api/request.js";
import { connection } from "../live/socket.js";
import { useRemote } from "../live/remote.js";
import { Menu } from "../parts/buttons.js";
import { Icon } from "../parts/icon.js";
import { Ago } from "../parts/time.js";
import { Empty, Loading } from "../parts/states.js";
import { address, navigate } from "../router.js";
import { envs, envOf } from "../session/catalogue.js";
import { currentEnv, lookAt } from "../session/current_env.js";
import { me, SIGNED_IN, signOut } from "../session/identity.js";
import { chooseTheme, theme } from "../session/preferences.js";
import { html, useEffect } from "../view.js";
import { pageAt } from "./routes.js";
import { SearchBox } from "./search_box.js";
import { SignedIn, SignIn, SignInAgain } from "./sign_in.js";

/** The console. */
export function Shell() {
  const { path } = address.value;
  const found = pageAt(path);
  useEffect(() => {
    if (found?.redirect) navigate(found.redirect, { replace: true });
  }, [found?.redirect]);
  useEffect(() => {
    if (found?.parameters?.env) lookAt(found.parameters.env);
  }, [found?.parameters?.env]);
  if (path === SIGNED_IN) return html`<${SignedIn} />`;
  if (!token.value && (!hasExpired.value || envs.value === null)) return html`<${SignIn} />`;
  return html`
    <a class="skip" href="#page">Skip to content</a>
    <${TopBar} />
    <div class="columns">
      <${SideBar} />
      <main id="page" tabindex="-1"><${Content} found=${found} key=${path} /></main>
    </div>
    ${hasExpired.value && html`<${SignInAgain} />`}
  `;
}

function Content({ found }) {
  if (envs.value === null) return html`<${Loading} />`;
  if (envs.value.length === 0 && !me.value?.is_admin) return html`<${NoRights} />`;
  if (!found || found.redirect) return found ? null : html`<${Empty} page=${true} title="There is nothing at this address."><p><a href="/">To the start</a></p></${Empty}>`;
  return html`<${found.Page} ...${found.parameters} />`;
}

function NoRights() {
  return html`<${Empty} page=${true} title="You are not a member of any environment yet.">
    <p>A site admin or an admin of an environment can add you: they find you as <strong>${me.value?.email}</strong>.</p>
    <p class="soft">This page shows it as soon as it happens.</p>
  </${Empty}>`;
}

function TopBar() {
  return html`<header class="top">
    <a class="mark" href="/" aria-label="Platz, home"><span aria-hidden="true">P</span></a>
    <${EnvSwitch} />
    <span class="grow"></span>
    <${SearchBox} />
    <${RunningTasks} />
    <${LiveMark} />
    <${PersonMenu} />
  </header>`;
}

function EnvSwitch() {
  const list = [...(envs.value ?? [])].sort((one, other) => one.name.localeCompare(other.name));
  if (list.length === 0) return null;
  const section = /^\/envs\/[^/]+(\/(?:deployments|activity|secrets|settings))?/.exec(address.value.path)?.[1] ?? "";
  return html`<label class="env-switch"><span class="hidden">Environment</span>
    <select value=${currentEnv.value ?? ""} onChange=${(event) => navigate(`/envs/${event.target.value}${section}`)}>
      ${!envOf(currentEnv.value) && html`<option value="">Choose an environment</option>`}
      ${list.map((env) => html`<option value=${env.id}>${env.name}</option>`)}
    </select>
  </label>`;
}

function RunningTasks() {
  const remote = useRemote((abort) => get("/deployment-tasks", { env_id: currentEnv.value, active_only: true, show_future: false, per_page: 0 }, abort), [currentEnv.value], ["deployment_tasks"], (event) => event.env_id === currentEnv.value);
  const number = remote.value.data?.num_total ?? 0;
  if (number === 0 || !currentEnv.value) return null;
  return html`<a class="running" href=${`/envs/${currentEnv.value}/activity`}><${Icon} name="busy" turning=${true} />${number} running</a>`;
}

const MARKS = { live: ["good", "Live"], connecting: ["warn", "Reconnecting …"], offline: ["bad", "Offline"] };

function LiveMark() {
  const { state, since } = connection.value;
  const [look, word] = MARKS[state];
  return html`<span class=${`live ${look}`} role="status"><i aria-hidden="true"></i>${word}
    ${state !== "live" && html`<span class="soft"> data from <${Ago} at=${new Date(since).toISOString()} /></span>`}
  </span>`;
}

function PersonMenu() {
  const person = me.value;
  if (!person) return null;
  const themes = ["system", "light", "dark"].filter((one) => one !== theme.value);
  const items = [
    { label: "Profile and tokens", href: "/me" },
    ...themes.map((one) => ({ label: `${one[0].toUpperCase()}${one.slice(1)} theme`, act: () => chooseTheme(one) })),
    { label: "API documentation", href: "/api/v2/docs" },
    { label: "Sign out", act: signOut },
  ];
  return html`<${Menu} label=${person.display_name} items=${items} />`;
}

function SideBar() {
  const env = envOf(currentEnv.value);
  const base = `/envs/${env?.id}`;
  const places = env
    ? [["Overview", base, "list"], ["Deployments", `${base}/deployments`, "cluster"], ["Activity", `${base}/activity`, "clock"],
       ["Secrets", `${base}/secrets`, "key"], ["Settings", `${base}/settings`, "settings"]]
    : [];
  const admin = [["Clusters", "/admin/clusters", "cluster"], ["Environments", "/admin/environments", "list"], ["Registries", "/admin/registries", "chart"],
    ["Tag formats", "/admin/tag-formats", "search"], ["Users", "/admin/users", "people"], ["Bots", "/admin/bots", "key"]];
  return html`<nav class="side" aria-label="Pages">
    <${Places} places=${places} />
    ${env && html`<${ResourceTypes} env=${env} />`}
    <${Places} places=${[["Charts", "/charts", "chart"]]} />
    ${me.value?.is_admin && html`<h2>Administration</h2><${Places} places=${admin} />`}
  </nav>`;
}

function Places({ places }) {
  const { path } = address.value;
  return html`<ul>${places.map(([title, href, icon]) => html`<li><a href=${href} aria-current=${path === href ? "page" : undefined}><${Icon} name=${icon} />${title}</a></li>`)}</ul>`;
}

function ResourceTypes({ env }) {
  const remote = useRemote((abort) => all("/deployment-resource-types", {}, abort), [env.id], ["deployment_resource_types"]);
  const types = (remote.value.data ?? []).filter((type) => !type.env_id || type.env_id === env.id);
  return html`<${Places} places=${types.map((type) => [type.spec.name_plural ?? type.key, `/envs/${env.id}/resources/${type.id}`, "list"])} />`;
}
