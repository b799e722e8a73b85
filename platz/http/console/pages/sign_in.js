/** The page for those who are not signed in; it keeps the address to which they were going. */

import { get, signedOutReason, token } from "../api/request.js";
import { useRemote } from "../live/remote.js";
import { Dialog } from "../parts/dialog.js";
import { useSending } from "../parts/sending.js";
import { Problem } from "../parts/states.js";
import { address } from "../router.js";
import { CALLBACK, finishSignIn, signIn, signInElsewhere, signOut } from "../session/identity.js";
import { html, useEffect } from "../view.js";

export function SignIn() {
  const returns = address.value.path === CALLBACK;
  const { busy, error, send } = useSending((act = signIn) => act());
  useEffect(() => {
    if (returns) send(finishSignIn);
  }, []);
  const message = error.value?.message ?? signedOutReason.value;
  return html`<main class="sign-in">
    <div class="card">
      <span class="mark" aria-hidden="true"><span>P</span></span>
      <h1>Platz</h1>
      <p>Pick a Helm chart, fill in its form, choose a cluster, and press Deploy.</p>
      ${message && html`<p id="message" class="wrong-text" role="alert" dir="auto">${message}</p>`}
      <button type="button" class="primary" disabled=${busy.value} onClick=${() => send()}>${busy.value ? "Signing in …" : "Sign in"}</button>
      <p class="soft">The <a href="/api/v2/docs">API</a> needs no console. <${Version} /></p>
    </div>
  </main>`;
}

/** A sign-in that ended under a person's hands: the page behind it stays as it is. */
export function SignInAgain() {
  const { busy, error, send } = useSending(signInElsewhere);
  return html`<${Dialog} title="Sign in again" close=${signOut}>
    <p id="message">${signedOutReason.value} What you have typed stays here.</p>
    ${error.value && html`<${Problem} error=${error.value} />`}
    <div class="buttons"><button type="button" onClick=${signOut}>Leave the page</button>
      <button type="button" class="primary" disabled=${busy.value} onClick=${send}>Sign in in a new tab</button></div>
  </${Dialog}>`;
}

/** The end of a sign-in that another tab waits for. */
export function SignedIn() {
  useEffect(() => {
    document.title = "Signed in – Platz";
    if (token.value) close();
  }, [token.value]);
  return html`<main class="sign-in"><div class="card"><h1>${token.value ? "You are signed in." : "Signing in …"}</h1>
    <p>Close this tab, and go on where you were. <a href="/">Or begin here.</a></p></div></main>`;
}

function Version() {
  const server = useRemote((abort) => get("/server", {}, abort), []);
  return server.value.data ? html`<span id="version">Platz ${server.value.data.version}</span>` : null;
}
