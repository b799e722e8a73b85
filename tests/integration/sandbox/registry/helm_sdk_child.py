"""Calls the Helm SDK for tests in a process of its own: a test process that has loaded it must never fork.

One JSON request a line on standard input, `{"call": NAME, ...}`; one JSON answer a line on standard output.
"""

from __future__ import annotations

import base64
import json
import sys
from pathlib import Path

import helm_python


def render(request: dict) -> dict:
    with helm_python.Chart.load_archive(base64.b64decode(request["archive"])) as chart:
        return chart.render(
            request["values"], name=request["name"], namespace=request["name"], is_install=True
        )


def push(request: dict) -> dict:
    with helm_python.RegistryClient(plain_http=True) as client:
        return helm_python.push(request["file"], request["remote"], client=client, plain_http=True)


def pull(request: dict) -> dict:
    with helm_python.RegistryClient(plain_http=True) as client:
        return helm_python.pull(
            request["reference"],
            client=client,
            version=request["version"],
            destination=request["folder"],
            plain_http=True,
        )


def tags(request: dict) -> list[str]:
    with helm_python.RegistryClient(plain_http=True) as client:
        return client.tags(request["reference"])


def lint(request: dict) -> object:
    return helm_python.lint(Path(request["folder"]))


CALLS = {call.__name__: call for call in (render, push, pull, tags, lint)}


def main() -> None:
    for line in sys.stdin:
        request = json.loads(line)
        try:
            answer = {"answer": CALLS[request["call"]](request)}
        except helm_python.HelmError as error:
            answer = {"error": str(error)}
        print(json.dumps(answer, default=str), flush=True)


if __name__ == "__main__":
    main()
