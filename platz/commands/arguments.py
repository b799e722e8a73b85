"""The command line: without a command Platz is served, and every setting is a flag."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

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

REPEATABLE = {"admin_emails": "--admin-email"}
COMMANDS = {"run", "chart", "openapi", "sandbox-token", "hand-back", "keys", "wait"}


@dataclass(frozen=True, kw_only=True)
class Arguments:
    """The parsed command line.

    ``handler`` is the function of a command that needs no settings, ``with_settings`` that of one that does; both are
    None for serving.
    """

    settings: Mapping[str, Any]
    config: Path | None
    print_settings: bool
    handler: Callable[[], int] | None
    with_settings: Callable[[Settings], int] | None


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
    switches = {flag_of(name) for name, field in Settings.model_fields.items() if field.annotation is bool}
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
    for name, field in Settings.model_fields.items():
        meaning = f"{field.description} [{environment_name(field)}]".replace("%", "%%")
        if name in REPEATABLE:
            group.add_argument(
                flag_of(name),
                dest=name,
                action="append",
                metavar="VALUE",
                default=argparse.SUPPRESS,
                help=meaning,
            )
        elif field.annotation is bool:
            group.add_argument(
                flag_of(name),
                dest=name,
                nargs="?",
                const="true",
                metavar="BOOL",
                default=argparse.SUPPRESS,
                help=meaning,
            )
        else:
            group.add_argument(
                flag_of(name), dest=name, metavar="VALUE", default=argparse.SUPPRESS, help=meaning
            )
