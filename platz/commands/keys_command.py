"""`python run.py keys check`: which rows can't be decrypted with the given keys."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING

from platz.backing_services import direct_database, real_database
from platz.commands.hand_back_command import NoDatabase
from platz.config import Settings
from platz.db.database import Database
from platz.db.key_rotation import unreadable_rows
from platz.wiring.components import cipher_of

if TYPE_CHECKING:
    Subparsers = argparse._SubParsersAction[argparse.ArgumentParser]  # noqa: SLF001 # pyright: ignore[reportPrivateUsage]

UNREADABLE = 1
"""The exit status when something can't be decrypted."""


def add_commands(subparsers: Subparsers) -> None:
    """Register the command and its subcommand."""
    keys = subparsers.add_parser("keys", help="look after PLATZ_ENCRYPTION_KEYS")
    commands = keys.add_subparsers(title="commands", metavar="COMMAND", required=True)
    check = commands.add_parser("check", help="name every row that can't be decrypted; nothing is changed")
    check.set_defaults(with_settings=_check)


def _check(_arguments: argparse.Namespace, settings: Settings) -> int:
    address = real_database(settings)
    if address is None:
        raise NoDatabase
    database = Database(address, application_name="platz keys", direct=direct_database(settings))
    try:
        with database.transaction() as connection:
            looked_at, unreadable = unreadable_rows(connection, cipher_of(settings))
    finally:
        database.close()
    for row in unreadable:
        sys.stdout.write(f"{row}\n")
    sys.stdout.write(
        f"{looked_at} rows hold something encrypted; {len(unreadable)} of them can't be decrypted.\n"
    )
    return UNREADABLE if unreadable else 0
