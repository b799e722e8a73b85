"""`python -m platz_sandbox.identity`: the identity provider as a process of its own."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

from platz.errors import Rejected
from platz.web_addresses import LOOPBACK
from platz_sandbox.identity.claims import ID_TOKEN_LIFETIME
from platz_sandbox.identity.clients import Client
from platz_sandbox.identity.grants import Grants
from platz_sandbox.identity.key_ring import Algorithm, KeyRing
from platz_sandbox.identity.people import read_users
from platz_sandbox.identity.products import PRODUCTS, ProductName
from platz_sandbox.identity.provider_app import Provider, build
from platz_sandbox.serving import listen, port_of, serve

_A_WEEK_IN_SECONDS = 7 * 24 * 3600


@dataclass(frozen=True, kw_only=True)
class Arguments:
    """The command line."""

    port: int
    issuer: str | None
    users: Path
    data: Path
    client_id: str
    client_secret_file: Path
    redirect_uris: frozenset[str]
    algorithm: Algorithm
    rotate_after: timedelta
    product: ProductName
    clock_ahead: timedelta


def parse_arguments(arguments: Sequence[str] | None = None) -> Arguments:
    """Parse the command line (``None``: that of this process)."""
    parser = argparse.ArgumentParser(prog="python -m platz_sandbox.identity", description=__doc__)
    add = parser.add_argument
    add("--port", type=int, default=9000, help="port of 127.0.0.1; 0 takes a free one")
    add("--issuer", help="origin by which clients reach it; by default http://127.0.0.1:PORT")
    add("--users", type=Path, required=True, metavar="FILE", help="who can sign in (JSON)")
    add("--data", type=Path, required=True, metavar="DIR", help="folder that keeps the signing keys")
    add("--client-id", required=True)
    add("--client-secret-file", type=Path, required=True, metavar="FILE")
    add("--redirect-uri", action="append", required=True, metavar="URI", help="repeat for several")
    add("--algorithm", type=Algorithm, choices=list(Algorithm), default=Algorithm.RS256)
    add(
        "--rotate-after",
        type=float,
        default=_A_WEEK_IN_SECONDS,
        metavar="SECONDS",
        help="age of a signing key",
    )
    add(
        "--like",
        type=ProductName,
        choices=list(ProductName),
        default=ProductName.STANDARD,
        help="product whose claims it sends",
    )
    add("--clock-ahead", type=float, default=0, metavar="SECONDS", help="how wrong its clock is")
    found = parser.parse_args(arguments)
    return Arguments(
        port=found.port,
        issuer=found.issuer,
        users=found.users,
        data=found.data,
        client_id=found.client_id,
        client_secret_file=found.client_secret_file,
        redirect_uris=frozenset(found.redirect_uri),
        algorithm=found.algorithm,
        rotate_after=timedelta(seconds=max(found.rotate_after, 1.0)),
        product=found.like,
        clock_ahead=timedelta(seconds=found.clock_ahead),
    )


def open_provider(arguments: Arguments, *, issuer: str) -> Provider:
    """Read the provider's files; raise `Rejected` with one line when a file or the issuer is wrong."""
    return Provider(
        issuer=_checked(issuer),
        client=Client(
            id=arguments.client_id,
            secret=_secret(arguments.client_secret_file),
            redirect_uris=arguments.redirect_uris,
        ),
        users=read_users(arguments.users),
        keys=KeyRing(
            arguments.data / "signing-keys.json",
            algorithm=arguments.algorithm,
            keep_retired=2 * ID_TOKEN_LIFETIME,
        ),
        grants=Grants(),
        rotate_after=arguments.rotate_after,
        product=PRODUCTS[arguments.product],
        clock_ahead=arguments.clock_ahead,
    )


def _checked(issuer: str) -> str:
    parts = urlsplit(issuer)
    if (
        parts.scheme not in ("http", "https")
        or not parts.netloc
        or parts.path
        or parts.query
        or parts.fragment
    ):
        raise Rejected(f"the issuer must be an origin such as http://127.0.0.1:9000, not {issuer}")
    return issuer


def _secret(file: Path) -> str:
    try:
        secret = file.read_text().strip()
    except OSError as error:
        raise Rejected(f"the client secret file {file} can't be read: {error.strerror}") from error
    if not secret:
        raise Rejected(f"the client secret file {file} is empty")
    return secret


def main() -> None:
    """Serve until the parent ends."""
    arguments = parse_arguments()
    listening = listen(arguments.port)
    issuer = arguments.issuer or f"http://{LOOPBACK}:{port_of(listening)}"
    try:
        provider = open_provider(arguments, issuer=issuer)
    except Rejected as error:
        sys.exit(error.message)
    except OSError as error:
        sys.exit(f"the data folder {arguments.data} can't be used: {error.strerror}")
    emails = [user.email for user in provider.users.everyone()]
    serve(build(provider), listening=listening, facts={"issuer": issuer, "users": emails})


if __name__ == "__main__":
    main()
