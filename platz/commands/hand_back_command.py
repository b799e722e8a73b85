"""`python run.py hand-back`: give the database back to the programs of the former server."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING

from platz.backing_services import direct_database, real_database
from platz.config import Settings
from platz.db.adoption.hand_back import HandBack
from platz.db.database import Database
from platz.db.migrations import hand_back_to_former
from platz.errors import PlatzError
from platz.wiring.components import cipher_of

if TYPE_CHECKING:
    Subparsers = argparse._SubParsersAction[argparse.ArgumentParser]  # noqa: SLF001 # pyright: ignore[reportPrivateUsage]

APPLICATION_NAME = "platz hand-back"


class NotConfirmed(PlatzError):
    """This changes the whole database: stop every process of Platz, make a backup, and repeat with --yes."""


class NoDatabase(PlatzError):
    """Name the database: DATABASE_URL, or PGHOST and the other PG settings."""


def add_commands(subparsers: Subparsers) -> None:
    """Register the command."""
    parser = subparsers.add_parser(
        "hand-back",
        help="give the database back to the former server: decrypt it, and drop what only Platz needs",
        description="Needs the settings of the database and PLATZ_ENCRYPTION_KEYS. Every process of Platz must be"
        " stopped. Afterwards release 0.6.8 of the former server can use the database, and Platz can adopt it again.",
    )
    parser.add_argument("--yes", action="store_true", help="really do it, without a backup of its own")
    parser.set_defaults(with_settings=_hand_back)


def _hand_back(arguments: argparse.Namespace, settings: Settings) -> int:
    address = real_database(settings)
    if address is None:
        raise NoDatabase
    if not arguments.yes:
        raise NotConfirmed
    database = Database(address, application_name=APPLICATION_NAME, direct=direct_database(settings))
    try:
        done = hand_back_to_former(database, cipher_of(settings))
    finally:
        database.close()
    sys.stdout.write("".join(f"{line}\n" for line in _report(done)))
    return 0


def _report(done: HandBack) -> Iterator[str]:
    yield f"The database is one of the former server again, at version {done.version}."
    yield f"Decrypted rows: {done.decrypted}"
    yield f"Tasks that were running, and failed: {done.ended_tasks}"
    yield f"Tasks of bots or of nobody, which name a user now: {done.tasks_with_another_actor}"
    if done.registries_not_of_ecr:
        yield f"Registries that are not ECR's, which that version can't use: {done.registries_not_of_ecr}"
    yield f"Dropped: {', '.join(done.dropped)}, and every trigger, constraint and index of Platz"
    yield "Kept: adoption_leftovers, with copies of the rows that Platz has merged or changed (if there were any)"
