"""The adoption of the former Platz server's database, in place and without loss.

The former schema allowed rows that the new one forbids. They are changed as follows; every row that is deleted is
kept as JSON in the table `adoption_leftovers`, with the reason.

- A flag that is NULL, which the former server could not even read, gets its default; an unknown status, role or
  provider becomes the most harmless one (`enum_values.py`).
- A secret that looks like an encrypted one is marked as plain (`plain_texts.py`).
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

from collections.abc import Sequence
from pathlib import Path

from sqlalchemy import Connection

from platz.db.adoption.accounts import merge_accounts, merge_deployment_roles, merge_env_roles
from platz.db.adoption.adoption_progress import Step, run_steps
from platz.db.adoption.charts import give_every_deployment_a_chart, merge_charts
from platz.db.adoption.deployments import merge_deployments
from platz.db.adoption.detection import check_complete
from platz.db.adoption.enum_values import fill_flags, replace_unknown_words
from platz.db.adoption.kinds import give_everything_a_kind
from platz.db.adoption.old_rules import drop_old_rules
from platz.db.adoption.plain_texts import mark_plain_texts
from platz.db.adoption.resource_types import merge_resource_types
from platz.db.adoption.tasks import end_abandoned_tasks
from platz.db.scripts import run_script

CHANGES_OF_ROWS = (
    Step(name="fill in flags", run=fill_flags),
    Step(name="replace unknown words", run=replace_unknown_words),
    Step(name="mark plain texts", run=mark_plain_texts),
    Step(name="give everything a kind", run=give_everything_a_kind),
    Step(name="give every deployment a chart", run=give_every_deployment_a_chart),
    Step(name="merge charts", run=merge_charts),
    Step(name="merge accounts", run=merge_accounts),
    Step(name="merge roles in environments", run=merge_env_roles),
    Step(name="merge roles for kinds", run=merge_deployment_roles),
    Step(name="merge resource types", run=merge_resource_types),
    Step(name="merge deployments", run=merge_deployments),
    Step(name="end abandoned tasks", run=end_abandoned_tasks),
)
"""The order matters: merged accounts may have two roles, and merged deployments two started tasks."""


def adopt(connection: Connection, sql: Path, rules: Sequence[Path]) -> None:
    """Bring a former database to the tables of Platz, and run the scripts with the ``rules``; ``sql`` is their folder.

    Raises `CannotBeAdopted`.
    """

    def script(path: Path) -> Step:
        return Step(name=path.stem, run=lambda connection: run_script(connection, path))

    steps = [
        script(sql / "0001_missing_pieces.sql"),
        Step(name="check that nothing is missing", run=check_complete),
        Step(name="drop the former rules", run=drop_old_rules),
        *CHANGES_OF_ROWS,
        script(sql / "0001_adopt_tables.sql"),
        *map(script, rules),
    ]
    run_steps(connection, steps)
