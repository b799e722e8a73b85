/** The signed-in person: who they are, and their tokens. */

import { PageHead } from "../../parts/tabs.js";
import { Tokens } from "../../parts/tokens.js";
import { chooseTheme, theme } from "../../session/preferences.js";
import { me } from "../../session/identity.js";
import { html, useEffect } from "../../view.js";

const THEMES = [["system", "As the system"], ["light", "Light"], ["dark", "Dark"]];

export function Profile() {
  const person = me.value;
  useEffect(() => {
    document.title = "Profile – Platz";
  }, []);
  if (!person) return null;
  return html`<${PageHead} title=${person.display_name} detail=${html`<span>${person.email}</span>${person.is_admin && html`<span class="pill">site admin</span>`}`} />
    <section class="card"><h2>Tokens</h2><p class="help">A token has all your rights. Give each program one of its own.</p>
      <${Tokens} path="/user-tokens" owner=${{ user_id: person.id }} /></section>
    <section class="card"><h2>Look</h2><label class="field">Theme<select value=${theme.value} onChange=${(event) => chooseTheme(event.target.value)}>
      ${THEMES.map(([key, label]) => html`<option value=${key}>${label}</option>`)}</select></label></section>`;
}
