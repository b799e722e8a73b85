"""`platz wait`: wait until Platz is ready, or until a deployment has no more tasks to do.

Invariant: the exit status is 0 only if what was waited for has come; a failed task is told with its reason.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any
from uuid import UUID

import httpx

from platz.commands.running_platz import address_of_platz
from platz.commands.sandbox_token import access_token
from platz.errors import PlatzError

if TYPE_CHECKING:
    Subparsers = argparse._SubParsersAction[argparse.ArgumentParser]  # noqa: SLF001 # pyright: ignore[reportPrivateUsage]

LOOK_SECONDS = 0.3
REQUEST_SECONDS = 10.0
FAILED = 1


class WaitedInVain(PlatzError):
    """What was waited for did not come in time."""


def add_commands(subparsers: Subparsers) -> None:
    """Register ``wait [DEPLOYMENT]``."""
    command = subparsers.add_parser(
        "wait",
        help="wait until Platz is ready and print its address, or until a deployment's tasks have ended",
    )
    command.add_argument("deployment", nargs="?", type=UUID, metavar="DEPLOYMENT", help="id of a deployment")
    command.add_argument("--seconds", type=float, default=120.0, help="how long to wait (default: 120)")
    command.add_argument(
        "--url", help="where Platz answers (default: what the settings and the data folder say)"
    )
    command.add_argument("--token", help="access token (default: that of the sandbox's first user)")
    command.set_defaults(handler=_wait)


def _wait(arguments: argparse.Namespace) -> int:
    deadline = time.monotonic() + arguments.seconds
    url = _until(lambda: _ready_url(arguments.url), "Platz is not ready", deadline)
    if arguments.deployment is None:
        sys.stdout.write(f"{url}\n")
        return 0
    token = arguments.token or access_token(url, "admin@platz.localhost")
    with httpx.Client(
        base_url=f"{url}/api/v2/",
        headers={"Authorization": f"Bearer {token}"},
        timeout=REQUEST_SECONDS,
        trust_env=False,
    ) as client:
        tasks = _until(
            lambda: _ended_tasks(client, arguments.deployment),
            "The deployment still has tasks to do",
            deadline,
        )
        return _tell_end(client, arguments.deployment, tasks)


def _until(look: Callable[[], Any], complaint: str, deadline: float) -> Any:  # Any: whatever is looked for
    """Return the first result that is not None; raise `WaitedInVain`."""
    while (found := look()) is None:
        if time.monotonic() > deadline:
            raise WaitedInVain(f"{complaint}, and the time to wait for it is over.")
        time.sleep(LOOK_SECONDS)
    return found


def _ready_url(given: str | None) -> str | None:
    """Return the address once Platz is ready; it is looked up each time, because it may only be written now."""
    url = address_of_platz(given)
    try:
        return (
            url if httpx.get(f"{url}/readyz", timeout=REQUEST_SECONDS, trust_env=False).is_success else None
        )
    except httpx.HTTPError:
        return None


def _ended_tasks(client: httpx.Client, deployment: UUID) -> list[Any] | None:
    """Return the deployment's tasks, newest first, or None while one of them is to be done."""
    try:
        answer = client.get("deployment-tasks", params={"deployment_id": str(deployment)})
    except httpx.HTTPError:
        return None
    if not answer.is_success:
        raise WaitedInVain(f"Platz answers {answer.status_code}: {answer.json().get('message')}")
    tasks: list[Any] = answer.json()["items"]
    return None if any(task["status"] in {"Pending", "Started"} for task in tasks) else tasks


def _tell_end(client: httpx.Client, deployment: UUID, tasks: list[Any]) -> int:
    found = client.get(f"deployments/{deployment}")
    if found.status_code == 404:
        raise WaitedInVain(f"There is no deployment {deployment}.")
    status = found.raise_for_status().json()["status"]
    if tasks and tasks[0]["status"] == "Failed":
        sys.stdout.write(f"{status}: {tasks[0]['reason']}\n")
        return FAILED
    sys.stdout.write(f"{status}\n")
    return 0
