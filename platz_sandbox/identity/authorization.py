"""The authorization request and its checks (OpenID Connect Core, 3.1.2.1; RFC 7636, 4.3)."""

from __future__ import annotations

import re
from dataclasses import dataclass

from platz_sandbox.identity.clients import Client
from platz_sandbox.identity.errors import RefusedByRedirect, RefusedOnPage
from platz_sandbox.identity.forms import Parameters

_CHALLENGE = re.compile(r"[A-Za-z0-9_-]{43}")  # base64url of a SHA-256 digest
_MAX_TEXT_LENGTH = 2048

# (parameter, its only allowed value, error for any other value); an absent parameter passes
_SUPPORTED = (
    ("response_type", "code", "unsupported_response_type"),
    ("response_mode", "query", "invalid_request"),
    ("request", None, "request_not_supported"),
    ("request_uri", None, "request_uri_not_supported"),
    ("registration", None, "registration_not_supported"),
)


@dataclass(frozen=True, kw_only=True)
class AuthorizationRequest:
    """A valid request, to be granted when a user signs in."""

    client_id: str
    redirect_uri: str
    scope: frozenset[str]
    state: str | None
    nonce: str | None
    code_challenge: str | None
    login_hint: str


def parse(parameters: Parameters, client: Client) -> AuthorizationRequest:
    """Check a request; raise `RefusedOnPage` or `RefusedByRedirect`, as RFC 6749, 4.1.2.1 requires."""
    redirect_uri = _trusted_redirect_uri(parameters, client)
    state = parameters.get("state")
    if (refusal := _refusal(parameters)) is not None:
        error, description = refusal
        raise RefusedByRedirect(error, description, redirect_uri=redirect_uri, state=state)
    return AuthorizationRequest(
        client_id=client.id,
        redirect_uri=redirect_uri,
        scope=frozenset(parameters["scope"].split()),
        state=state,
        nonce=parameters.get("nonce"),
        code_challenge=parameters.get("code_challenge"),
        login_hint=parameters.get("login_hint", ""),
    )


def _trusted_redirect_uri(parameters: Parameters, client: Client) -> str:
    if parameters.get("client_id") != client.id:
        raise RefusedOnPage("The application that sent you here is not known to this identity provider.")
    redirect_uri = parameters.get("redirect_uri")
    if redirect_uri is None or redirect_uri not in client.redirect_uris:
        raise RefusedOnPage("The application wants you to be sent to an address that it did not register.")
    return redirect_uri


def _refusal(parameters: Parameters) -> tuple[str, str] | None:
    for name, supported, error in _SUPPORTED:
        if parameters.get(name, supported) != supported:
            return error, f"{name} is not supported" if supported is None else f"{name} must be {supported}"
    if "response_type" not in parameters:
        return "invalid_request", "response_type is missing"
    if "openid" not in parameters.get("scope", "").split():
        return "invalid_scope", "scope must include openid"
    if any(len(parameters.get(name, "")) > _MAX_TEXT_LENGTH for name in ("state", "nonce")):
        return "invalid_request", "state or nonce is too long"
    return _challenge_refusal(parameters) or _prompt_refusal(parameters)


def _challenge_refusal(parameters: Parameters) -> tuple[str, str] | None:
    challenge, method = parameters.get("code_challenge"), parameters.get("code_challenge_method")
    if challenge is None:
        return ("invalid_request", "code_challenge is missing") if method else None
    if method != "S256":
        return "invalid_request", "code_challenge_method must be S256"
    if not _CHALLENGE.fullmatch(challenge):
        return "invalid_request", "code_challenge is not a base64url SHA-256 digest"
    return None


def _prompt_refusal(parameters: Parameters) -> tuple[str, str] | None:
    prompts = parameters.get("prompt", "").split()
    if "none" not in prompts:
        return None
    if len(prompts) > 1:
        return "invalid_request", "prompt=none stands alone"
    return "login_required", "nobody is signed in: this provider keeps no session"
