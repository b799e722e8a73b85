"""Takes over the database of the former Platz server, in place and without loss.

The former schema let rows in that the new one forbids. Here is what becomes of them; every row that goes is kept,
whole, as JSON in the table `adoption_leftovers` with the reason.

- A flag that is NULL, which the former server could not even read, gets its default; a status or role word that
  nobody knows becomes the most harmless one (`enum_values.py`).
- Accounts whose e-mail addresses differ only in case become the oldest of them, with the union of what the active
  ones were allowed. What a deactivated account held (tokens, roles) does not come back to life (`accounts.py`).
- Two roles of one user for one kind and environment become the stronger one (`accounts.py`).
- Charts of one registry, tag and digest become the oldest, with the documents of the newest (`charts.py`).
- A deployment without a chart gets that of its revision, else of its last task, else the newest of its kind, else
  a chart that says so (`charts.py`).
- Resource types of one kind and key become the oldest, with the spec of the newest; where a global one and ones of
  single environments exist side by side the global one stays, since every environment sees its items already. An
  item whose name is then taken gets its id behind its name (`resource_types.py`).
- Deployments of one cluster, kind and name shared one namespace, so at most one of them was real: the enabled one,
  else the one that Helm touched last, else the oldest. It gets the others' history; what they still had queued is
  cancelled, because it would hit the survivor (`deployments.py`).
- A task that is `Started` although a later one of its deployment has started since was left by a crash long ago: it
  becomes `Failed`, for to resume it would undo what came after. The last one stays and is recovered (`tasks.py`).

The former version table stays as it is; nothing reads it any more.

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
from platz.db.adoption.old_rules import drop_old_rules
from platz.db.adoption.resource_types import merge_resource_types
from platz.db.adoption.tasks import end_abandoned_tasks

__all__ = ["adopt_rows", "drop_old_rules"]

STEPS: tuple[Callable[[Connection], int], ...] = (
    fill_flags,
    replace_unknown_words,
    give_every_deployment_a_chart,
    merge_charts,
    merge_accounts,
    merge_env_roles,
    merge_deployment_roles,
    merge_resource_types,
    merge_deployments,
    end_abandoned_tasks,
)
"""The order matters: merged accounts may bring two roles together, merged deployments two started tasks."""

log = structlog.get_logger(__name__)


def adopt_rows(connection: Connection) -> None:
    """Make every row one that the new constraints allow. The old rules must be gone already."""
    for step in STEPS:
        changed = step(connection)
        log.info("Adopting the former database", action="adopt", step=step.__name__, rows=changed)
