/** Requests to the API of Platz: the token, errors as sentences, and the server's clock. */

import { batch, signal } from "../view.js";
import { NO_ANSWER, NOT_KNOWN } from "../words.js";

const BASE = "/api/v2";
const TOKEN = "access_token"; // the key that the older frontend uses, so that both sign in alike
const PAGE = 1000;

/** The access token, null while nobody is signed in. */
export const token = signal(localStorage.getItem(TOKEN));

/** Why the last sign-in ended, shown to the person. */
export const signedOutReason = signal("");

/** Whether the sign-in ended under the person's hands; what is on the screen stays until they sign in again. */
export const hasExpired = signal(false);

let clockOffset = 0;

addEventListener("storage", (event) => {
  if (event.key === TOKEN && !(event.newValue === null && hasExpired.value)) acceptToken(event.newValue);
});

/** What the server refused, or that it did not answer (`status` 0). */
export class ApiError extends Error {
  constructor(status, message, requestId = "") {
    super(message);
    this.status = status;
    this.requestId = requestId;
  }
}

export function keepToken(value) {
  localStorage.setItem(TOKEN, value);
  acceptToken(value);
}

export function forgetToken(reason, { expired = false } = {}) {
  localStorage.removeItem(TOKEN);
  batch(() => {
    signedOutReason.value = reason;
    hasExpired.value = expired;
    token.value = null;
  });
}

function acceptToken(value) {
  batch(() => {
    signedOutReason.value = "";
    hasExpired.value = false;
    token.value = value;
  });
}

/** Return the server's time in milliseconds, so that a wrong clock of this machine makes no wrong ages. */
export function serverNow() {
  return Date.now() + clockOffset;
}

/** Send a request and return the parsed answer; throw `ApiError`. */
export async function request(method, path, { body, query, abort } = {}) {
  const headers = {};
  if (token.value) headers.Authorization = `Bearer ${token.value}`;
  if (body !== undefined) headers["Content-Type"] = "application/json";
  const sent = fetch(BASE + path + queryText(query), {
    method,
    headers,
    body: body === undefined ? undefined : JSON.stringify(body),
    signal: abort,
  });
  const response = await sent.catch((failure) => {
    if (failure.name === "AbortError") throw failure;
    throw new ApiError(0, method === "GET" ? NO_ANSWER : NOT_KNOWN);
  });
  setClock(response.headers.get("Date"));
  if (response.status === 204) return null;
  const answer = await response.json().catch(() => ({}));
  if (response.ok) return answer;
  const refusal = new ApiError(
    response.status,
    answer.message || `The server answered ${response.status}.`,
    response.headers.get("X-Request-Id") ?? "",
  );
  if (refusal.status === 401 && token.value) forgetToken("Your sign-in is no longer valid. Sign in again.", { expired: true });
  throw refusal;
}

export const get = (path, query, abort) => request("GET", path, { query, abort });
export const post = (path, body, abort) => request("POST", path, { body, abort });
export const put = (path, body) => request("PUT", path, { body });
export const remove = (path, body) => request("DELETE", path, { body });

/** Return all items of a collection, page by page. */
export async function all(path, query = {}, abort = undefined) {
  const items = [];
  for (let page = 1; ; page += 1) {
    const answer = await get(path, { ...query, page, per_page: PAGE }, abort);
    items.push(...answer.items);
    if (items.length >= answer.num_total || answer.items.length === 0) return items;
  }
}

function queryText(query = {}) {
  const given = Object.entries(query).filter(([, value]) => value !== undefined && value !== null && value !== "");
  return given.length ? `?${new URLSearchParams(given)}` : "";
}

function setClock(date) {
  const then = date ? Date.parse(date) : NaN;
  if (!Number.isNaN(then) && Math.abs(then - Date.now()) > 5000) clockOffset = then - Date.now();
}
