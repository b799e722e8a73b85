"""CustomResourceDefinitions for the time of some tests."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from typing import Any

import httpx
from waiting import eventually

_PATH = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"


@contextlib.contextmanager
def defined(api: httpx.Client, definitions: Sequence[dict[str, Any]]) -> Iterator[None]:
    """Create the definitions, wait until their kinds are served, and delete them at the end."""
    names = [definition["metadata"]["name"] for definition in definitions]
    for definition in definitions:
        made = api.post(_PATH, json=definition)
        if made.status_code != 409:  # 409: a run that was killed left it behind
            made.raise_for_status()
    try:
        for definition in definitions:
            eventually(lambda definition=definition: _is_served(api, definition), seconds=30)
        yield
    finally:
        for name in names:
            api.delete(f"{_PATH}/{name}")
        eventually(lambda: all(api.get(f"{_PATH}/{name}").status_code == 404 for name in names), seconds=30)


def _is_served(api: httpx.Client, definition: dict[str, Any]) -> bool:
    spec = definition["spec"]
    version = spec["versions"][0]["name"]
    return api.get(f"/apis/{spec['group']}/{version}/{spec['names']['plural']}").is_success
