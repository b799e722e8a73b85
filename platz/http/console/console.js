// Signs a person in with nothing else installed: the same steps as any frontend (sends the browser to the
// provider, posts the code that comes back, keeps the token in localStorage under `access_token`).
"use strict";

const API = "/api/v2";
const TOKEN = "access_token";
const CALLBACK = "/auth/google/callback";
const part = (id) => document.getElementById(id);

function tell(text) {
  part("message").textContent = text;
  part("message").hidden = !text;
}

async function call(method, path, body) {
  const token = localStorage.getItem(TOKEN);
  const headers = token ? { Authorization: `Bearer ${token}` } : {};
  if (body) headers["Content-Type"] = "application/json";
  const request = { method, headers, body: body && JSON.stringify(body) };
  const response = await fetch(API + path, request).catch(() => {
    throw new Error("The server does not answer. Reload this page to try again.");
  });
  const answer = await response.json().catch(() => ({}));
  if (!response.ok) {
    const problem = new Error(answer.message || `The server answered ${response.status}.`);
    problem.status = response.status;
    throw problem;
  }
  return answer;
}

async function signIn() {
  tell("");
  part("sign-in").disabled = true;
  try {
    location.assign((await call("GET", "/auth/google")).redirect_url);
  } catch (problem) {
    tell(problem.message);
    part("sign-in").disabled = false;
  }
}

async function finishSignIn() {
  const query = new URLSearchParams(location.search);
  history.replaceState(null, "", "/"); // the code works once; it should not stay in the address bar
  if (!query.has("code")) {
    throw new Error(query.get("error_description") || query.get("error") || "The sign-in was not finished.");
  }
  const answer = await call("POST", "/auth/google/callback", {
    auth_code: query.get("code"),
    state: query.get("state"),
  });
  localStorage.setItem(TOKEN, answer.access_token);
}

async function whoAmI() {
  if (!localStorage.getItem(TOKEN)) return null;
  try {
    return (await call("GET", "/auth/me")).User;
  } catch (problem) {
    if (problem.status !== 401) throw problem;
    localStorage.removeItem(TOKEN);
    throw new Error("Your sign-in is no longer valid. Please sign in again.");
  }
}

function signOut() {
  localStorage.removeItem(TOKEN);
  show(null);
}

function command(token) {
  return `curl -H 'Authorization: Bearer ${token}' ${location.origin}${API}/helm-charts`;
}

function expiry(token) {
  const claims = token.split(".")[1].replace(/-/g, "+").replace(/_/g, "/");
  return new Date(JSON.parse(atob(claims)).exp * 1000).toLocaleString();
}

function show(user) {
  part("signed-in").hidden = !user;
  part("signed-out").hidden = Boolean(user);
  if (!user) return;
  const token = localStorage.getItem(TOKEN);
  part("name").textContent = user.display_name;
  part("email").textContent = `<${user.email}>`;
  part("admin").hidden = !user.is_admin;
  part("expires").textContent = expiry(token);
  part("curl").textContent = command(`${token.slice(0, 12)}…`);
}

async function copyCommand() {
  const text = command(localStorage.getItem(TOKEN));
  try {
    await navigator.clipboard.writeText(text);
    part("copy").textContent = "Copied";
  } catch {
    part("curl").textContent = text; // without a clipboard, show it to be copied by hand
  }
}

async function start() {
  part("sign-in").addEventListener("click", signIn);
  part("sign-out").addEventListener("click", signOut);
  part("copy").addEventListener("click", copyCommand);
  call("GET", "/server").then((server) => { part("version").textContent = `Platz ${server.version}`; }, () => {});
  try {
    if (location.pathname === CALLBACK) await finishSignIn();
    show(await whoAmI());
  } catch (problem) {
    show(null);
    tell(problem.message);
  }
}

start();
