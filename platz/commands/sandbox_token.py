"""`python run.py sandbox-token`: print an access token of a demo user, who signs in as with a browser."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

import httpx

from platz.commands.running_platz import address_of_platz
from platz.embedded_services import embedded_services
from platz.errors import PlatzError

if TYPE_CHECKING:
    Subparsers = argparse._SubParsersAction[argparse.ArgumentParser]  # noqa: SLF001 # pyright: ignore[reportPrivateUsage]

SECONDS = 15.0


class SignInFailed(PlatzError):
    """The sign-in failed."""


def add_commands(subparsers: Subparsers) -> None:
    """Register the command."""
    parser = subparsers.add_parser(
        "sandbox-token", help="print an access token of a demo user of the sandbox"
    )
    parser.add_argument("--email", default="admin@platz.localhost", help="who signs in")
    parser.add_argument(
        "--url", help="where Platz answers (default: what the settings and the data folder say)"
    )
    parser.set_defaults(handler=_print)


def _print(arguments: argparse.Namespace) -> int:
    sys.stdout.write(access_token(address_of_platz(arguments.url), arguments.email) + "\n")
    return 0


def access_token(url: str, email: str) -> str:
    """Sign in at the identity provider of the Platz at ``url`` and return the access token; raise `SignInFailed`.

    Source: docs/contract/auth.md, "Login flow".
    """
    try:
        with httpx.Client(base_url=f"{url.rstrip('/')}/api/v2", timeout=SECONDS, trust_env=False) as browser:
            redirect = browser.get("/auth/google").raise_for_status().json()["redirect_url"]
            code = parse_qs(urlsplit(embedded_services().sign_in(redirect, email)).query)["code"][0]
            answer = browser.post("/auth/google/callback", json={"auth_code": code})
    except (httpx.HTTPError, KeyError, ValueError) as error:
        raise SignInFailed(f"Nobody could be signed in at {url}: {error}. Is Platz running there?") from error
    if not answer.is_success:
        raise SignInFailed(f"Platz refuses {email}: {answer.json().get('message')}")
    return str(answer.json()["access_token"])
