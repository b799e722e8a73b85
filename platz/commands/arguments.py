"""The command line: without a command Platz is served, and every setting is a flag."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import platz
from platz.commands import (
    chart_command,
    hand_back_command,
    keys_command,
    openapi_command,
    sandbox_token,
    wait_command,
)
from platz.commands.running_platz import CONFIG_FILE
from platz.config import Settings, environment_name

if TYPE_CHECKING:
    ArgumentGroup = argparse._ArgumentGroup  # noqa: SLF001 # pyright: ignore[reportPrivateUsage]

REPEATABLE = {"admin_emails": "--admin-email"}
COMMANDS = {"run", "chart", "openapi", "sandbox-token", "hand-back", "keys", "wait"}


@dataclass(frozen=True, kw_only=True)
class Arguments:
    """The parsed command line of ``program``; ``defaults`` are settings' defaults that are its own.

    ``handler`` is the function of a command that needs no settings, ``with_settings`` that of one that does; both are
    None for serving.
    """

    settings: Mapping[str, Any]
    config: Path | None
    print_settings: bool
    handler: Callable[[], int] | None
    with_settings: Callable[[Settings], int] | None
    program: str = "platz"
    defaults: Mapping[str, Any] = field(default_factory=dict[str, Any])


def parse(argv: Sequence[str]) -> Arguments:
    """Parse the command line; exit with status 2 and a usage line if it is wrong."""
    parser = _parser()
    namespace = parser.parse_args(_with_values(argv))
    handler: Callable[[argparse.Namespace], int] | None = getattr(namespace, "handler", None)
    with_settings: Callable[[argparse.Namespace, Settings], int] | None = getattr(
        namespace, "with_settings", None
    )
    given = vars(namespace)
    return Arguments(
        settings={name: given[name] for name in Settings.model_fields if given.get(name) is not None},
        config=namespace.config or (CONFIG_FILE if CONFIG_FILE.is_file() else None),
        print_settings=namespace.print_settings,
        handler=(lambda: handler(namespace)) if handler else None,
        with_settings=(lambda settings: with_settings(namespace, settings)) if with_settings else None,
    )


def flag_of(name: str) -> str:
    """Return the flag of a setting."""
    return REPEATABLE.get(name, f"--{name.replace('_', '-')}")


def _with_values(argv: Sequence[str]) -> Sequence[str]:
    """Turn `--production run` into `--production=true run`, so that the command is not read as the flag's value."""
    switches = {
        flag_of(name) for name, described in Settings.model_fields.items() if described.annotation is bool
    }
    return [
        f"{word}=true" if word in switches and following in COMMANDS else word
        for word, following in zip(argv, (*argv, "")[1:], strict=True)
    ]


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="platz",
        usage="%(prog)s [-h] [--version] [--config FILE] [--print-settings] [SETTINGS] [COMMAND ...]",
        description="Serve Platz, or run one of its commands.",
        allow_abbrev=False,
    )
    parser.set_defaults(config=None, print_settings=False)
    parser.add_argument("--version", action="version", version=f"platz {platz.__version__}")
    _add_general(parser)
    _add_settings(parser)
    subparsers = parser.add_subparsers(title="commands", metavar="COMMAND", prog="platz")
    serve = subparsers.add_parser(
        "run",
        usage="%(prog)s [-h] [--config FILE] [--print-settings] [SETTINGS]",
        help="serve (what happens without a command, too)",
    )
    _add_general(serve)
    _add_settings(serve)
    chart_command.add_commands(subparsers)
    openapi_command.add_commands(subparsers)
    sandbox_token.add_commands(subparsers)
    hand_back_command.add_commands(subparsers)
    keys_command.add_commands(subparsers)
    wait_command.add_commands(subparsers)
    return parser


def _add_general(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--config",
        type=Path,
        metavar="FILE",
        default=argparse.SUPPRESS,
        help="TOML file (default: config/platz.toml)",
    )
    parser.add_argument(
        "--print-settings",
        action="store_true",
        default=argparse.SUPPRESS,
        help="print every setting with its meaning and source, and exit",
    )


def _add_settings(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group(
        "settings", "each is also an environment variable and a key of the file"
    )
    for name in Settings.model_fields:
        add_setting(group, flag_of(name), name)


def add_setting(group: ArgumentGroup, flag: str, name: str, *, choices: Sequence[str] | None = None) -> None:
    """Add a flag that gives the setting ``name``."""
    described = Settings.model_fields[name]
    add = partial(group.add_argument, flag, dest=name, default=argparse.SUPPRESS)
    meaning = f"{described.description} [{environment_name(described)}]".replace("%", "%%")
    if name in REPEATABLE:
        add(action="append", metavar="VALUE", help=meaning)
    elif described.annotation is bool:
        add(nargs="?", const="true", metavar="BOOL", help=meaning)
    else:
        add(metavar=None if choices else "VALUE", choices=choices, help=meaning)
