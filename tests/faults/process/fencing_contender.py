"""A process that runs one task again and again, in Helm children, whenever it has the lease: one side of the contest.

It is made of the parts with which Platz runs tasks: the lease keeper, claims, the operation context and the Helm
processes. Only the cluster is missing, and an executable that beats the time is in the place of Helm.
"""

from __future__ import annotations

import os
import sys
import threading
from datetime import timedelta
from pathlib import Path
from typing import Any, cast
from uuid import UUID, uuid4

from platz.db import task_queue
from platz.db.address import DatabaseAddress
from platz.db.database import Database
from platz.db.leases import LeaseKeeper, LeaseTimes
from platz.db.tables.lease_rows import Lease
from platz.db.task_queue import Claim, ClaimId
from platz.errors import PlatzError
from platz.helm.engine import HelmAction, HelmRun
from platz.helm.process_pool import HelmLimits, HelmProcesses, HelmSetup
from platz.identities import ClusterId
from platz.kube.cluster_access import ClusterAccess
from platz.kube.credentials import Credential, FixedCredential
from platz.tasks.context import OperationContext

TIMES = LeaseTimes(check=0.2, check_timeout=0.4, safe=0.8, grace=1.4, stopped=1.2)
TRY_SECONDS = 0.1
LEASE = "platz:cluster:contested"
RUN = HelmRun(action=HelmAction.UNINSTALL, release="shop", namespace="shop", timeout_seconds=60)


class _Client:
    """As much of a cluster's client as a run of Helm needs."""

    access = ClusterAccess(
        name="east", server="https://east.test", credentials=FixedCredential(credential=Credential())
    )


def contend(database: Database, cluster_id: ClusterId, folder: Path) -> None:
    """Run the cluster's only task for ever, as long as this process has the lease; return never."""
    setup = HelmSetup(folder=folder, environment=dict(os.environ), executable=folder / "helm")
    helm = HelmProcesses(setup, HelmLimits(warm=1))
    helm.start()
    leases = LeaseKeeper(
        database,
        lambda _names: helm.kill_all() and None,
        on_renewed=helm.prolong,
        end_work=lambda lease: helm.end_owned_by(lease.name),
        times=TIMES,
    )
    leases.start()
    pause = threading.Event()
    while not pause.wait(TRY_SECONDS):
        lease = leases.try_acquire(LEASE)
        if lease is not None:
            _work(_context(database, leases, helm, lease), cluster_id, lease)


def _work(context: OperationContext, cluster_id: ClusterId, lease: Lease) -> None:
    try:
        with context.database.transaction() as connection:
            (task,) = task_queue.started_tasks(connection, cluster_id)
            task_queue.take_over(connection, task.id, claim=context.claim, formerly=task.claimed_by)
        while context.safe_until(lease):
            context.run_helm(RUN, cluster_id=cluster_id, task=task)
    except PlatzError as error:
        sys.stderr.write(f"{os.getpid()} lets go: {error!r}\n")


def _context(database: Database, leases: LeaseKeeper, helm: HelmProcesses, lease: Lease) -> OperationContext:
    missing: dict[str, Any] = dict.fromkeys(
        ("archives", "caller", "credentials", "cipher", "outside_changes")
    )
    return OperationContext(
        database=database,
        kube=lambda _cluster_id: cast("Any", _Client()),
        helm=helm,
        helm_timeout=timedelta(minutes=1),
        safe_until=leases.safe_until,
        claim=Claim(id=ClaimId(uuid4()), lease=lease),
        **missing,
    )


def main(host: str, port: str, name: str, cluster_id: str, folder: str) -> None:
    """Contend for the lease in a database of the tests."""
    address = DatabaseAddress(host=host, port=int(port), user="postgres", password="postgres", database=name)
    contend(Database(address, application_name="contender"), ClusterId(UUID(cluster_id)), Path(folder))


if __name__ == "__main__":
    main(*sys.argv[1:])
