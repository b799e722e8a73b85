"""The token of a kubeconfig in a file of its own, which is replaced while Helm runs.

Helm's Kubernetes client reads such a file again every minute, and reads a token in the kubeconfig itself only once.

Invariant: whoever reads the file gets the whole of one token, followed by nothing but line breaks.
Source: client-go, `transport.NewCachedFileTokenSource`.
"""

from __future__ import annotations

import copy
import os
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import cast

from platz.helm.memory_file import descriptor_of, memory_file
from platz.json import JsonObject

_BYTES = 64 * 1024
"""Longer than any token, so that a shorter one overwrites all of a longer one."""


class TokenFile:
    """The file of the token that a kubeconfig refers to."""

    def __init__(self, path: Path) -> None:
        """Take the path of a memory file."""
        self.path = path

    def write(self, token: str) -> None:
        """Replace the token."""
        os.pwrite(descriptor_of(self.path), token.encode().ljust(_BYTES, b"\n"), 0)


@contextmanager
def token_file() -> Generator[TokenFile]:
    """Yield an empty token file."""
    with memory_file("token", b"") as path:
        yield TokenFile(path)


def with_token_file(kubeconfig: JsonObject, file: TokenFile) -> JsonObject:
    """Write the kubeconfig's token into the file, and return the kubeconfig that refers to it instead."""
    changed = copy.deepcopy(kubeconfig)
    for user in cast("list[JsonObject]", changed["users"]):
        entry = cast("JsonObject", user["user"])
        token = entry.pop("token", None)
        if isinstance(token, str):
            file.write(token)
            entry["tokenFile"] = str(file.path)
    return changed
