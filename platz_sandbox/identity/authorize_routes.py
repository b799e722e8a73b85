"""The authorization endpoint and the sign-in form (OpenID Connect Core, 3.1.2)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlencode, urlsplit, urlunsplit

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from platz.errors import Rejected
from platz_sandbox.identity import authorization, forms, pages
from platz_sandbox.identity.authorization import AuthorizationRequest
from platz_sandbox.identity.clients import Client
from platz_sandbox.identity.csrf import COOKIE, FormTokens
from platz_sandbox.identity.errors import RefusedByRedirect, RefusedOnPage
from platz_sandbox.identity.forms import Parameters
from platz_sandbox.identity.grants import Grants
from platz_sandbox.identity.people import DemoUser, Users

_WRONG = "This e-mail address and password do not belong together."
_STALE = "This page had grown old. Please try once more."


@dataclass(frozen=True, kw_only=True)
class AuthorizeRoutes:
    """The handlers; they raise refusals, which the application's exception handlers turn into responses."""

    issuer: str
    client: Client
    users: Users
    grants: Grants
    form_tokens: FormTokens

    def routes(self) -> list[Route]:
        """Return the routes."""
        return [
            Route("/authorize", self.authorize, methods=["GET", "POST"]),
            Route("/sign-in", self.sign_in, methods=["POST"]),
        ]

    async def authorize(self, request: Request) -> Response:
        """Show the sign-in page for a valid request."""
        is_form = request.method == "POST"
        parameters = await forms.form(request) if is_form else forms.parameters(request.url.query)
        return self._page(request, parameters, authorization.parse(parameters, self.client))

    async def sign_in(self, request: Request) -> Response:
        """Check the form, and redirect the browser to the client with a code."""
        parameters = forms.parameters(request.url.query)
        wanted = authorization.parse(parameters, self.client)
        fields = await forms.form(request)
        if not self._came_from_our_page(request, fields, parameters):
            return self._page(request, parameters, wanted, problem=_STALE)
        if "cancel" in fields:
            raise RefusedByRedirect(
                "access_denied",
                "the sign-in was cancelled",
                redirect_uri=wanted.redirect_uri,
                state=wanted.state,
            )
        user = self._user(fields)
        if user is None:
            return self._page(request, parameters, wanted, problem=_WRONG)
        return self.back_to_client(
            wanted.redirect_uri, wanted.state, code=self.grants.issue_code(wanted, user)
        )

    def back_to_client(self, redirect_uri: str, state: str | None, **answer: str) -> Response:
        """Redirect to ``redirect_uri``, with ``answer``, the state and `iss` added to its query."""
        parts = urlsplit(redirect_uri)
        added = {**answer, **({} if state is None else {"state": state}), "iss": self.issuer}
        query = "&".join(part for part in (parts.query, urlencode(added)) if part)
        return RedirectResponse(urlunsplit(parts._replace(query=query)), status_code=303)

    async def answer_redirect(self, _: Request, error: Exception) -> Response:
        """Handle `RefusedByRedirect` for Starlette."""
        if not isinstance(error, RefusedByRedirect):
            raise error
        return self.back_to_client(
            error.redirect_uri, error.state, error=error.error, error_description=error.message
        )

    def _user(self, fields: Mapping[str, str]) -> DemoUser | None:
        if "account" in fields:
            return self.users.find(fields["account"])
        return self.users.with_password(fields.get("email", ""), fields.get("password", ""))

    def _came_from_our_page(self, request: Request, fields: Parameters, parameters: Parameters) -> bool:
        origin = request.headers.get("origin")
        if origin is not None and origin not in (self.issuer, str(request.base_url).rstrip("/")):
            return False
        token = fields.get("csrf_token", "")
        return self.form_tokens.is_valid(token, request.cookies.get(COOKIE), urlencode(parameters))

    def _page(
        self,
        request: Request,
        parameters: Parameters,
        wanted: AuthorizationRequest,
        problem: str | None = None,
    ) -> Response:
        cookie = self.form_tokens.cookie(request.cookies.get(COOKIE))
        query = urlencode(parameters)
        page = pages.sign_in_page(
            self.users.everyone(),
            action=f"/sign-in?{query}",
            csrf_token=self.form_tokens.token(cookie, query),
            login_hint=wanted.login_hint,
            redirect_uri=wanted.redirect_uri,
            problem=problem,
        )
        page.set_cookie(
            COOKIE, cookie, httponly=True, samesite="lax", secure=self.issuer.startswith("https:")
        )
        return page


async def answer_page(_: Request, error: Exception) -> Response:
    """Handle `RefusedOnPage` for Starlette, and `Rejected` for parameters that can't be read."""
    if not isinstance(error, RefusedOnPage | Rejected):
        raise error
    return pages.refusal_page(error.message)
