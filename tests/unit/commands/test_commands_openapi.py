"""`python run.py openapi` prints the document in both formats, in the older server's words too."""

from __future__ import annotations

import argparse
import json

import pytest
from ruamel.yaml import YAML

from platz.commands.openapi_command import add_commands


def run(*words: str) -> int:
    parser = argparse.ArgumentParser()
    add_commands(parser.add_subparsers())
    arguments = parser.parse_args(["openapi", *words])
    return int(arguments.handler(arguments))


@pytest.mark.parametrize("words", [("json",), ("schema", "json")])
def test_json(words: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> None:
    assert run(*words) == 0
    assert json.loads(capsys.readouterr().out)["openapi"] == "3.1.0"


@pytest.mark.parametrize("words", [(), ("yaml",), ("schema",), ("schema", "yaml")])
def test_yaml_is_the_default_and_says_the_same(
    words: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    run(*words)
    as_yaml = YAML(typ="safe", pure=True).load(capsys.readouterr().out)
    run("json")
    assert as_yaml == json.loads(capsys.readouterr().out)


@pytest.mark.parametrize("words", [("xml",), ("json", "yaml"), ("yaml", "schema")])
def test_anything_else_is_refused(words: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        run(*words)
    assert "yaml or json" in capsys.readouterr().err
