"""The adoption of the former Platz server's database, in place and without loss.

The former schema allowed rows that the new one forbids. They are changed as follows; every row that is deleted is
kept as JSON in the table `adoption_leftovers`, with the reason.

- A flag that is NULL, which the former server could not even read, gets its default; an unknown status, role or
  provider becomes the most harmless one (`enum_values.py`).
- A deployment without a kind gets that of its chart's registry; what else lacks one gets the kind `Unknown`, and a
  role for no kind goes (`kinds.py`).
- Accounts whose e-mail addresses differ only in case are merged into the oldest of them, with the union of the rights
  of the active ones. Tokens and roles of a deactivated account do not become valid again (`accounts.py`).
- Two roles of one user in one environment, or for one kind in it, become the stronger one (`accounts.py`).
- Charts of one registry, tag and digest are merged into the oldest, with the documents of the newest (`charts.py`).
- A deployment without a chart gets the chart of its revision, else of its last Install or Upgrade, else the newest
  chart of its kind, else a stand-in whose error says that the chart is unknown (`charts.py`).
- Resource types of one environment, kind and key are merged into the oldest, with the spec of the newest. A global
  type absorbs those of single environments, because every environment already sees its items. Items whose names
  clash afterwards get the beginning of their id behind the name, all but one (`resource_types.py`).
- Deployments of one cluster, kind and name shared one namespace, so at most one of them was real. The enabled one is
  kept, else one that is not Uninstalled or Deleting, else the one that Helm touched last, else the oldest. It gets
  the others' history. Their Pending tasks, which would act on the kept one, are cancelled, and their Started tasks
  fail (`deployments.py`).
- A task that is `Started` although a later task of its deployment has started since was left behind by a crash. It
  becomes `Failed`, because resuming it would undo later changes. The last one stays and is recovered (`tasks.py`).

The former version table stays as it is and is not read again.

Source: docs/contract/data-model.md, "Adoption of an older database".
"""

from __future__ import annotations

from collections.abc import Callable

import structlog
from sqlalchemy import Connection

from platz.db.adoption.accounts import merge_accounts, merge_deployment_roles, merge_env_roles
from platz.db.adoption.charts import give_every_deployment_a_chart, merge_charts
from platz.db.adoption.deployments import merge_deployments
from platz.db.adoption.enum_values import fill_flags, replace_unknown_words
from platz.db.adoption.kinds import give_everything_a_kind
from platz.db.adoption.old_rules import drop_old_rules
from platz.db.adoption.resource_types import merge_resource_types
from platz.db.adoption.tasks import end_abandoned_tasks

__all__ = ["adopt_rows", "drop_old_rules"]

STEPS: tuple[Callable[[Connection], int], ...] = (
    fill_flags,
    replace_unknown_words,
    give_everything_a_kind,
    give_every_deployment_a_chart,
    merge_charts,
    merge_accounts,
    merge_env_roles,
    merge_deployment_roles,
    merge_resource_types,
    merge_deployments,
    end_abandoned_tasks,
)
"""The order matters: merged accounts may have two roles, and merged deployments two started tasks."""

log = structlog.get_logger(__name__)


def adopt_rows(connection: Connection) -> None:
    """Change every row so that the new constraints allow it; call `drop_old_rules` first."""
    for step in STEPS:
        changed = step(connection)
        log.info("Adopting the former database", action="adopt", step=step.__name__, rows=changed)
