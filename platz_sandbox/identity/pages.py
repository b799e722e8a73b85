"""The provider's two pages: the sign-in, and the refusal of a request that can't be redirected.

Invariant: all outside text is escaped, and the Content-Security-Policy lets a page load nothing, and send its form only
to the provider and to the client that asked.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from html import escape
from pathlib import Path
from string import Template
from urllib.parse import urlsplit

from starlette.responses import HTMLResponse, Response

from platz_sandbox.identity.people import DemoUser

_HERE = Path(__file__).parent
_PAGE = Template((_HERE / "page.html").read_text())
_FORM = Template((_HERE / "sign_in_form.html").read_text())
_USER = Template(
    '<li><button name="account" value="$email"><span class="initials" aria-hidden="true">$initials</span>'
    '<span class="name">$name</span><span class="email">$email</span>'
    '<span class="purpose">$purpose</span></button></li>'
)


def sign_in_page(
    users: Sequence[DemoUser],
    *,
    action: str,
    csrf_token: str,
    login_hint: str,
    redirect_uri: str,
    problem: str | None = None,
) -> Response:
    """Return the sign-in page, whose form is sent to ``action``."""
    content = _FORM.substitute(
        action=escape(action),
        csrf_token=escape(csrf_token),
        users="\n".join(_user(user) for user in users),
        login_hint=escape(login_hint),
        problem=f'<p class="problem" role="alert">{escape(problem)}</p>' if problem else "",
        open=" open" if problem or login_hint else "",
    )
    # browsers also apply form-action to the redirect that follows the form
    return _page(
        "Sign in to Platz", content, status=403 if problem else 200, form_action=_origin(redirect_uri)
    )


def refusal_page(reason: str) -> Response:
    """Return the page for a request that can't be trusted."""
    content = f'<p class="about">The sandbox\'s identity provider</p><p class="problem">{escape(reason)}</p>'
    return _page("This sign-in can't go on", content, status=400, form_action="")


def _user(user: DemoUser) -> str:
    initials = "".join(word[0] for word in user.name.split()[:2]).upper()
    return _USER.substitute(
        email=escape(user.email),
        initials=escape(initials),
        name=escape(user.name),
        purpose=escape(user.purpose),
    )


def _page(title: str, content: str, *, status: int, form_action: str) -> Response:
    nonce = secrets.token_urlsafe(16)
    policy = (
        f"default-src 'none'; style-src 'nonce-{nonce}'; form-action 'self' {form_action}; "
        "base-uri 'none'; frame-ancestors 'none'"
    )
    html = _PAGE.substitute(title=escape(title), content=content, nonce=nonce)
    return HTMLResponse(html, status_code=status, headers={"Content-Security-Policy": policy})


def _origin(uri: str) -> str:
    parts = urlsplit(uri)
    return f"{parts.scheme}://{parts.netloc}"
