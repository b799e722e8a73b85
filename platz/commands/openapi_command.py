"""`python run.py openapi`: print the OpenAPI document, as the older server's `openapi schema` did.

Invariant: the command works without settings, database or network.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, TextIO

import platz
from platz.json import JsonObject

if TYPE_CHECKING:
    Subparsers = argparse._SubParsersAction[argparse.ArgumentParser]  # noqa: SLF001 # pyright: ignore[reportPrivateUsage]

SCHEMA = "schema"


def add_commands(subparsers: Subparsers) -> None:
    """Register ``openapi [schema] [yaml|json]``."""
    command = subparsers.add_parser("openapi", help="print the OpenAPI document of the HTTP API")
    command.add_argument(
        "words",
        nargs="*",
        metavar="yaml|json",
        help="the format, yaml by default; a leading `schema` is ignored",
    )
    command.set_defaults(handler=partial(_print, command))


def _print(command: argparse.ArgumentParser, arguments: argparse.Namespace) -> int:
    words = list(arguments.words)
    if words[:1] == [SCHEMA]:
        del words[0]
    write = _WRITERS.get(words[0] if words else "yaml")
    if write is None or len(words) > 1:
        command.error("give yaml or json")
    write(_document(), sys.stdout)
    return 0


def _document() -> JsonObject:
    from platz.http.openapi.document import openapi_document
    from platz.http.routes import ROUTES

    return openapi_document(ROUTES, version=platz.__version__)


def _write_json(document: JsonObject, out: TextIO) -> None:
    json.dump(document, out, indent=2, ensure_ascii=False)
    out.write("\n")


def _write_yaml(document: JsonObject, out: TextIO) -> None:
    from ruamel.yaml import YAML

    yaml = YAML(typ="safe", pure=True)
    yaml.default_flow_style = False
    yaml.sort_base_mapping_type_on_output = False  # pyright: ignore[reportAttributeAccessIssue] (untyped option)
    yaml.width = 110
    yaml.dump(document, out)  # pyright: ignore[reportUnknownMemberType] (untyped library)


_WRITERS: dict[str, Callable[[JsonObject, TextIO], None]] = {"json": _write_json, "yaml": _write_yaml}
