"""The files of terraform/, as far as tests must understand them: blocks, references, and the policies in JSON."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from repository import ROOT

FOLDER = ROOT / "terraform"
_BLOCK = re.compile(r'^(resource|data|variable|output) "(\w+)"(?: "(\w+)")? \{', re.MULTILINE)
_PLACEHOLDER = re.compile(r"\$\{(\w+)\}")
_STRING = re.compile(r'"(?:[^"\\$]|\\.|\$(?!\{)|\$\{[^}]*\})*"')
_EXPRESSION = re.compile(r"\$\{([^}]*)\}")
_COMMENT = re.compile(r"^\s*#.*$", re.MULTILINE)
_REFERENCE = re.compile(r"(?<![\w.])((?:var|local|data\.\w+)\.\w+|aws_\w+\.\w+)")
_LOCAL = re.compile(r"^  (\w+) += ", re.MULTILINE)


def text() -> str:
    """Return all files as one text, without comments."""
    files = sorted(FOLDER.glob("*.tf"))
    return "\n".join(_COMMENT.sub("", file.read_text()) for file in files)


def declared() -> set[str]:
    """Return what can be referred to, as references write it."""
    found: set[str] = set()
    for kind, first, second in _BLOCK.findall(text()):
        match kind:
            case "resource":
                found.add(f"{first}.{second}")
            case "data":
                found.add(f"data.{first}.{second}")
            case "variable":
                found.add(f"var.{first}")
    locals_block = (FOLDER / "main.tf").read_text().partition("locals {")[2]
    return found | {f"local.{name}" for name in _LOCAL.findall(locals_block)}


def referred() -> set[str]:
    """Return every reference, also in the expressions inside of strings."""
    code = _STRING.sub(lambda string: " ".join(_EXPRESSION.findall(string[0])), text())
    return set(_REFERENCE.findall(code))


def names(kind: str) -> list[str]:
    """Return the names of all blocks of a kind: of resources `type.name`."""
    return [
        f"{first}.{second}" if second else first
        for found, first, second in _BLOCK.findall(text())
        if found == kind
    ]


def rendered_templates() -> Mapping[str, tuple[set[str], Any]]:
    """Return each policy by its file's name: its placeholders, and its document with words in their places."""
    rendered: dict[str, tuple[set[str], Any]] = {}
    for file in sorted((FOLDER / "policies").iterdir()):
        template = file.read_text()
        document = json.loads(_PLACEHOLDER.sub(_word, template))
        rendered[file.name.removesuffix(".json.tftpl")] = (set(_PLACEHOLDER.findall(template)), document)
    return rendered


def _word(place: re.Match[str]) -> str:
    """Return what is put in a place: a string, or a part of one if an odd number of quotes comes before it."""
    return "word" if place.string.count('"', 0, place.start()) % 2 else '"word"'


def allowed(*policies: str) -> set[str]:
    """Return the actions that the policies allow."""
    return {action for policy in policies for action in _actions(rendered_templates()[policy][1])}


def _actions(document: Any) -> Iterator[str]:
    for statement in document["Statement"]:
        actions = statement["Action"]
        yield from [actions] if isinstance(actions, str) else actions
