"""Claims of runners for tests, under leases that nobody keeps: a claim is valid until its lease changes hands."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any
from uuid import uuid4

from sqlalchemy import text

from platz.db.database import Database
from platz.db.tables.lease_rows import Lease
from platz.db.task_queue import Claim, ClaimId
from platz.identities import ClusterId
from platz.tasks.context import OperationContext
from platz.tasks.task_host import NO_HOST, TaskHost

LEASE = "platz:cluster:of-the-tests"


def new_lease(database: Database, name: str = LEASE) -> Lease:
    """Let the lease change hands; return it as its new holder has it."""
    statement = text(
        "INSERT INTO platz_leases (name, holder) VALUES (:name, :holder)"
        " ON CONFLICT (name) DO UPDATE SET epoch = DEFAULT, holder = excluded.holder RETURNING epoch"
    )
    with database.transaction() as connection:
        epoch = connection.execute(statement, {"name": name, "holder": uuid4()}).scalar_one()
    return Lease(name=name, epoch=epoch)


def new_claim(database: Database, lease: Lease | None = None) -> Claim:
    """Return a claim of one more runner, under the lease, or under one that every such claim shares."""
    return Claim(id=ClaimId(uuid4()), lease=lease or present_lease(database))


def present_lease(database: Database) -> Lease:
    """Return the lease that the claims share; make it if there is none."""
    with database.reading() as connection:
        epoch = connection.execute(text("SELECT epoch FROM platz_leases WHERE name = :n"), {"n": LEASE})
        found = epoch.scalar()
    return new_lease(database) if found is None else Lease(name=LEASE, epoch=found)


def bare_context(
    database: Database,
    claim: Claim | None = None,
    *,
    kube: Callable[[ClusterId], Any] = lambda _id: None,
    host: TaskHost = NO_HOST,
) -> OperationContext:
    """Return a context without any services but the database, for steps that use no others."""
    missing: dict[str, Any] = dict.fromkeys(
        ("helm", "archives", "caller", "credentials", "cipher", "helm_timeout", "outside_changes")
    )
    return OperationContext(
        database=database,
        kube=kube,
        claim=claim or new_claim(database),
        safe_until=lambda _lease: math.inf,
        host=host,
        **missing,
    )
