"""Sign-in for programs, which go through the provider's page as a browser would."""

from __future__ import annotations

import re
from html import unescape
from urllib.parse import urljoin

import httpx

from platz.errors import Rejected

_ACTION = re.compile(r'<form method="post" action="([^"]+)"')
_TOKEN = re.compile(r'name="csrf_token" value="([^"]+)"')
_TIMEOUT_SECONDS = 10.0


def sign_in(authorization_url: str, email: str, *, password: str | None = None) -> str:
    """Sign in as ``email``; return the URL of the final redirect, with `code` or `error` in its query.

    Without ``password`` the user is picked from the list. Raises `Rejected` when the provider shows a page
    instead, `httpx.TransportError` when it can't be reached.
    """
    chosen = {"account": email} if password is None else {"email": email, "password": password}
    needs_certificates = authorization_url.startswith("https:")  # loading them takes longer than a sign-in
    with httpx.Client(timeout=_TIMEOUT_SECONDS, verify=needs_certificates) as browser:
        shown = browser.get(authorization_url)
        if shown.has_redirect_location:
            return shown.headers["Location"]
        action, token = _ACTION.search(shown.text), _TOKEN.search(shown.text)
        if shown.status_code != 200 or action is None or token is None:
            raise Rejected(f"The identity provider showed no sign-in page but answered {shown.status_code}.")
        answer = browser.post(
            urljoin(str(shown.url), unescape(action[1])), data={"csrf_token": token[1], **chosen}
        )
    if not answer.has_redirect_location:
        raise Rejected(f"The identity provider did not accept {email} and answered {answer.status_code}.")
    return answer.headers["Location"]
