/** Who is signed in, and how a person signs in and out. */

import { forgetToken, get, hasExpired, keepToken, post, token } from "../api/request.js";
import { watch } from "../live/socket.js";
import { navigate } from "../router.js";
import { effect, signal } from "../view.js";

export const CALLBACK = "/auth/google/callback";
export const SIGNED_IN = "/signed-in";
const RETURN_TO = "platz.return-to";
const ELSEWHERE = "platz.signs-in-elsewhere";
const AGAIN = 2000; // milliseconds

/** The signed-in user, null while it is not known. */
export const me = signal(null);

/** Keep `me` in step with the token and with the person's rights. */
export function followIdentity() {
  effect(() => {
    if (token.value) read();
    else if (!hasExpired.value) me.value = null;
  });
  watch(["users"], (event) => (event === null || event.data.id === me.peek()?.id) && token.peek() && read());
}

async function read() {
  try {
    const { User: user = null } = await get("/auth/me");
    if (me.peek() && user?.id !== me.peek().id) location.reload(); // another person: nothing of the first may stay
    me.value = user;
  } catch (error) {
    if (error.status === 0 && token.peek()) setTimeout(() => token.peek() && read(), AGAIN);
  }
}

/** Send the browser to the identity provider; it comes back to where it is now. */
export async function signIn() {
  const { redirect_url: provider } = await get("/auth/google");
  localStorage.removeItem(ELSEWHERE);
  sessionStorage.setItem(RETURN_TO, location.pathname + location.search);
  location.assign(provider);
}

/** Sign in from another tab, so that this page stays as it is; the token arrives by itself. */
export async function signInElsewhere() {
  const { redirect_url: provider } = await get("/auth/google");
  localStorage.setItem(ELSEWHERE, "yes"); // not in the session: whether the new tab gets a copy of it differs
  if (!open(provider, "_blank")) throw new Error("The browser did not open a new tab. Allow it for this page, then try again.");
}

/** Finish a sign-in on the callback's address, and go to where the person was going. Throws the refusal. */
export async function finishSignIn() {
  const query = new URLSearchParams(location.search);
  const back = sessionStorage.getItem(RETURN_TO) || (localStorage.getItem(ELSEWHERE) ? SIGNED_IN : "/");
  sessionStorage.removeItem(RETURN_TO);
  localStorage.removeItem(ELSEWHERE);
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
