/** Who is signed in, and how a person signs in and out. */

import { forgetToken, get, keepToken, post, token } from "../api/request.js";
import { navigate } from "../router.js";
import { effect, signal } from "../view.js";

export const CALLBACK = "/auth/google/callback";
const RETURN_TO = "platz.return-to";

/** The signed-in user, null while it is not known. */
export const me = signal(null);

/** Keep `me` in step with the token. */
export function followIdentity() {
  effect(() => {
    if (!token.value) {
      me.value = null;
      return;
    }
    get("/auth/me").then(
      (answer) => (me.value = answer.User ?? null),
      () => {}, // a refused token is forgotten by the request; a server that is away is told by the shell
    );
  });
}

/** Send the browser to the identity provider; it comes back to where it is now. */
export async function signIn() {
  sessionStorage.setItem(RETURN_TO, location.pathname + location.search);
  location.assign((await get("/auth/google")).redirect_url);
}

/** Finish a sign-in on the callback's address, and go to where the person was going. Throws the refusal. */
export async function finishSignIn() {
  const query = new URLSearchParams(location.search);
  const back = sessionStorage.getItem(RETURN_TO) || "/";
  sessionStorage.removeItem(RETURN_TO);
  navigate(back.startsWith(CALLBACK) ? "/" : back, { replace: true }); // the code works once and should not stay visible
  if (!query.has("code")) {
    throw new Error(query.get("error_description") || query.get("error") || "The sign-in was not finished.");
  }
  const answer = await post("/auth/google/callback", { auth_code: query.get("code"), state: query.get("state") });
  keepToken(answer.access_token);
}

export function signOut() {
  forgetToken("You are signed out.");
}
