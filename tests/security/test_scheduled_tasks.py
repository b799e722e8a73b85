"""Given an attacker who scheduled a task, when they lose the right to it before it is due, then it does not run.

Source: docs/contract/auth.md, "Scheduled tasks"; SECURITY.md, "Threat model".
"""

from __future__ import annotations

import dataclasses
from datetime import UTC, datetime, timedelta
from typing import Any, cast
from uuid import UUID

import pytest
from claims import bare_context
from http_client import Installation

from platz.db import task_queue
from platz.identities import ClusterId
from platz.tasks import execution
from platz.tasks.context import OperationContext
from platz.tasks.operation_kinds import OPERATION_KINDS, OperationKind
from tests.security.secretive_deployments import secretive_chart

REFUSED = "Whoever scheduled this task may not do this any more"
RESTART = {"RestartK8sResource": {"resource_id": str(UUID(int=1)), "resource_name": "web"}}


class Runner:
    """Claims and runs the task that is due, with steps that only remember."""

    def __init__(self, api: Installation, monkeypatch: pytest.MonkeyPatch) -> None:
        self.api, self.ran = api, 0
        kinds = cast("dict[str, OperationKind]", OPERATION_KINDS)
        for name in ("RestartK8sResource", "InvokeAction", "Uninstall"):
            monkeypatch.setitem(kinds, name, dataclasses.replace(kinds[name], steps=self._step))

    def run(self) -> tuple[str, str]:
        """Return the status and the reason of the task."""
        context = bare_context(self.api.database)
        with self.api.database.transaction() as connection:
            [task] = task_queue.claim(
                connection,
                cluster_id=ClusterId(self.api.cluster),
                claim=context.claim,
                most=1,
            )
        execution.execute(context, task)
        told = "select status || '|' || coalesce(reason, '') from deployment_tasks where id = :id"
        status, reason = self.api.scalar(told, id=task.id).split("|", 1)
        return status, reason

    def _step(self, _context: OperationContext, _task: Any) -> str:
        self.ran += 1
        return "ran"


@pytest.fixture
def runner(api: Installation, monkeypatch: pytest.MonkeyPatch) -> Runner:
    return Runner(api, monkeypatch)


def schedule(api: Installation, who: str, operation: Any = None, *, later: bool = True, **more: Any) -> UUID:
    """Insert a task that is due now; ``later``: it was scheduled an hour ago."""
    due = datetime.now(UTC) - timedelta(seconds=1)
    actor = {
        f"acting_{'bot' if who == 'bot' else 'deployment' if who == 'deployment' else 'user'}_id": api.id_of(
            who
        )
    }
    given = {"acting_user_id": None, **actor, **more}
    return api.new_task(
        operation=operation or RESTART,
        execute_at=due,
        created_at=due - timedelta(hours=1) if later else due,
        **given,
    )


LOSSES = {
    "maintainer": "delete from deployment_permissions where user_id = :id",
    "owner": "delete from env_user_permissions where user_id = :id",
    "admin": "update users set is_active = false where id = :id",
    "site": "update users set is_admin = false where id = :id",
    "deployment": "update deployments set enabled = false where id = :id",
    "bot": "delete from bots where id = :id",
}


@pytest.mark.parametrize("who", LOSSES)
def test_given_a_scheduled_task_when_its_creator_still_may_then_it_runs(
    api: Installation, runner: Runner, who: str
) -> None:
    schedule(api, who)
    assert runner.run() == ("Done", "ran")


@pytest.mark.parametrize(("who", "loss"), LOSSES.items(), ids=LOSSES.keys())
def test_given_a_scheduled_task_when_its_creator_lost_the_right_then_it_ends_with_a_sentence(
    api: Installation, runner: Runner, who: str, loss: str
) -> None:
    schedule(api, who)
    api.execute(loss, id=api.id_of(who))
    status, reason = runner.run()
    assert (status, runner.ran) == ("Failed", 0)
    assert reason.startswith(REFUSED)


def test_given_an_action_for_owners_when_its_creator_became_a_maintainer_then_it_does_not_run(
    api: Installation, runner: Runner
) -> None:
    chart = secretive_chart(api)
    api.execute(
        "update helm_charts set actions_schema = jsonb_set(actions_schema, '{actions,0,allowed_role}', '\"Owner\"')"
        " where id = :id",
        id=chart,
    )
    invoke = {"InvokeAction": {"helm_chart_id": str(chart), "action_id": "reset", "body": {}}}
    schedule(api, "owner", invoke)
    api.execute(
        "update deployment_permissions set role = 'Maintainer' where user_id = :id", id=api.id_of("owner")
    )
    assert runner.run()[0] == "Failed"
    assert runner.ran == 0


def test_given_what_follows_from_a_change_when_its_creator_lost_the_right_then_it_runs(
    api: Installation, runner: Runner
) -> None:
    schedule(api, "maintainer", {"Uninstall": {}})
    api.execute(LOSSES["maintainer"], id=api.id_of("maintainer"))
    assert runner.run() == ("Done", "ran")
