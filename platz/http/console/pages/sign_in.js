/** The page for those who are not signed in; it keeps the address to which they were going. */

import { get, signedOutReason } from "../api/request.js";
import { useRemote } from "../live/remote.js";
import { address } from "../router.js";
import { CALLBACK, finishSignIn, signIn } from "../session/identity.js";
import { html, useEffect, useSignal } from "../view.js";

export function SignIn() {
  const message = useSignal(signedOutReason.value);
  const busy = useSignal(address.value.path === CALLBACK);
  useEffect(() => {
    if (address.value.path !== CALLBACK) return;
    finishSignIn().catch((error) => {
      message.value = error.message;
      busy.value = false;
    });
  }, []);
  const start = async () => {
    busy.value = true;
    message.value = "";
    try {
      await signIn();
    } catch (error) {
      message.value = error.message;
      busy.value = false;
    }
  };
  return html`<main class="sign-in">
    <div class="card">
      <span class="mark" aria-hidden="true"><span>P</span></span>
      <h1>Platz</h1>
      <p>Pick a Helm chart, fill in its form, choose a cluster, and press Deploy.</p>
      ${message.value && html`<p id="message" class="wrong-text" role="alert" dir="auto">${message.value}</p>`}
      <button type="button" class="primary" disabled=${busy.value} onClick=${start}>${busy.value ? "Signing in …" : "Sign in"}</button>
      <p class="soft">The <a href="/api/v2/docs">API</a> needs no console. <${Version} /></p>
    </div>
  </main>`;
}

function Version() {
  const server = useRemote((abort) => get("/server", {}, abort), []);
  return server.value.data ? html`<span id="version">Platz ${server.value.data.version}</span>` : null;
}
