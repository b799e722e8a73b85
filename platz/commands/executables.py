"""The five executables of the older install chart, as command lines of their own.

Invariant: each takes exactly the flags of its namesake and refuses others with a sentence. What it is for can't be
changed: its roles, and that no stand-in takes the place of what is missing.

Source: docs/contract/workers.md, "Arguments of the five executables".
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NoReturn

from typing_extensions import override

import platz
from platz.commands import openapi_command
from platz.commands.arguments import Arguments, add_setting, flag_of
from platz.commands.running_platz import CONFIG_FILE
from platz.config import Role, Settings


@dataclass(frozen=True, kw_only=True)
class Executable:
    """One executable: its name and roles, the settings that it takes as flags, and those whose default differs.

    ``flags`` are the flags that ``platz`` calls otherwise, each with its setting; ``choices`` are the values that a
    setting may have. ``has_commands`` is true if serving is a command and not everything that it does.
    """

    name: str
    roles: tuple[Role, ...]
    settings: tuple[str, ...] = ()
    flags: Mapping[str, str] = field(default_factory=dict[str, str])
    choices: Mapping[str, tuple[str, ...]] = field(default_factory=dict[str, tuple[str, ...]])
    defaults: Mapping[str, Any] = field(default_factory=dict[str, Any])
    has_commands: bool = False


API = Executable(
    name="platz-api",
    roles=(Role.API,),
    settings=(
        "admin_emails",
        "oidc_server_url",
        "oidc_client_id",
        "oidc_client_secret",
        "prometheus_update_interval",
    ),
    has_commands=True,
)
K8S_AGENT = Executable(
    name="platz-k8s-agent",
    roles=(Role.CLUSTERS, Role.DEPLOY, Role.TRACK, Role.CREDENTIALS),
    settings=(
        "k8s_refresh_interval",
        "local_kubeconfig",
        "local_context",
        "self_namespace",
        "self_service_account_name",
        "helm_image",
        "disable_deployment_credentials",
        "deployment_credentials_refresh_interval",
        "deployment_credentials_token_duration",
    ),
    flags={"--provider": "cluster_provider", "--platz-url": "own_url"},
    choices={"cluster_provider": ("eks", "local")},
)
CHART_DISCOVERY = Executable(
    name="platz-chart-discovery",
    roles=(Role.CHARTS,),
    settings=(
        "ecr_events_queue",
        "ecr_events_region",
        "oci_registry_url",
        "oci_poll_interval",
        "enable_tag_parser",
    ),
    flags={"--provider": "registry_provider"},
    choices={"registry_provider": ("ecr", "oci")},
    defaults={"enable_tag_parser": False},
)
STATUS_UPDATES = Executable(name="platz-status-updates", roles=(Role.STATUS,))
RESOURCE_SYNC = Executable(name="platz-resource-sync", roles=(Role.RESOURCES,))
EXECUTABLES = (API, K8S_AGENT, CHART_DISCOVERY, STATUS_UPDATES, RESOURCE_SYNC)


def parse_as(executable: Executable, argv: Sequence[str]) -> Arguments:
    """Parse the command line of an executable; exit with status 2 and one sentence if it is wrong."""
    parser = _parser(executable)
    namespace, unknown = parser.parse_known_args(argv)
    if unknown:
        parser.error(f"{unknown[0]} is not known here")
    handler: Callable[[argparse.Namespace], int] | None = getattr(namespace, "handler", None)
    given = vars(namespace)
    return Arguments(
        program=executable.name,
        settings={
            **{name: given[name] for name in Settings.model_fields if given.get(name) is not None},
            "roles": " ".join(executable.roles),
            "production": True,
        },
        defaults=executable.defaults,
        config=CONFIG_FILE if CONFIG_FILE.is_file() else None,
        print_settings=False,
        handler=(lambda: handler(namespace)) if handler else None,
        with_settings=None,
    )


class _Parser(argparse.ArgumentParser):
    """A parser whose complaints are one line: the logs of a container show that line."""

    @override
    def error(self, message: str) -> NoReturn:
        self.exit(2, f"{self.prog}: {message}. `{self.prog} --help` tells what it takes.\n")


def _parser(executable: Executable) -> argparse.ArgumentParser:
    parser = _Parser(prog=executable.name, description=_description(executable), allow_abbrev=False)
    parser.add_argument("--version", action="version", version=f"{executable.name} {platz.__version__}")
    serving: argparse.ArgumentParser = parser
    if executable.has_commands:
        subparsers = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
        serving = subparsers.add_parser("run", help="serve", allow_abbrev=False)
        openapi_command.add_commands(subparsers)  # pyright: ignore[reportArgumentType] (parsers of a subclass)
    group = serving.add_argument_group("settings", "each is also an environment variable")
    flags = {flag_of(name): name for name in executable.settings} | dict(executable.flags)
    for flag, name in flags.items():
        add_setting(group, flag, name, choices=executable.choices.get(name))
    return parser


def _description(executable: Executable) -> str:
    return f"Platz with the roles {', '.join(executable.roles)}, for production."
