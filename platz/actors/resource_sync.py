"""Resource sync: it reports changed deployment resources to the deployments that manage them, by lifecycle hooks.

owns   the requests to lifecycle hooks
hears  `RowChanged` of deployment resources, `LeaseLost`, tick
tells  nobody; the outcome goes to `deployment_resources.sync_status`
never  calls two hooks of one resource at once; makes a deployment's hooks wait for those of others

Source: docs/contract/workers.md, "Resource sync".
"""

from __future__ import annotations

from dataclasses import dataclass

from typing_extensions import override

from platz.actors.actor import ActorContext
from platz.actors.fair_threads import FairThreads, Share
from platz.actors.leased_actor import LeasedActor
from platz.actors.messages import LeaseLost, RowChanged, Tick
from platz.db import schema
from platz.db.database import Database
from platz.db.encryption import Cipher
from platz.db.leases import LeaseKeeper
from platz.db.tables import deployment_resources, deployments
from platz.db.tables.deployment_resources import ResourceId
from platz.errors import Retryable
from platz.observation.ingress import IngressCaller
from platz.observation.resource_hooks import synchronise

MAX_CONCURRENT_HOOKS = 128
MAX_HOOKS_OF_A_DEPLOYMENT = 2
MAX_HOOKS_IN_A_CLUSTER = 32
LOOK_SECONDS = 60.0


@dataclass(frozen=True, kw_only=True)
class Synchronised:
    """The hook call of a resource ended; the resource's row says how, unless the database was unavailable."""

    resource_id: ResourceId


class ResourceSync(LeasedActor):
    """A leased actor that calls the hooks of the resources that wait for one."""

    role = "resources"
    hears = frozenset({RowChanged, LeaseLost})
    tables = frozenset({schema.deployment_resources.name})

    def __init__(
        self,
        *,
        name: str,
        generation: int,
        actor_context: ActorContext,
        leases: LeaseKeeper,
        database: Database,
        caller: IngressCaller,
        cipher: Cipher,
    ) -> None:
        super().__init__(name=name, generation=generation, actor_context=actor_context, leases=leases)
        self._database = database
        self._caller = caller
        self._cipher = cipher
        self._under_way: set[ResourceId] = set()
        self._threads = FairThreads(MAX_CONCURRENT_HOOKS, name="resource-hook")

    @override
    def on_started(self) -> None:
        super().on_started()
        self.every(Tick(name="look"), seconds=LOOK_SECONDS)

    @override
    def refresh(self) -> None:
        with self._database.reading() as connection:
            waiting = deployment_resources.waiting(connection)
            clusters = deployments.clusters_of(connection, {row.deployment_id for row in waiting})
        for row in waiting:
            if row.id not in self._under_way:
                self._under_way.add(row.id)
                threads = self._threads.within(
                    Share(of=row.deployment_id, most=MAX_HOOKS_OF_A_DEPLOYMENT),
                    Share(of=("cluster", clusters.get(row.deployment_id)), most=MAX_HOOKS_IN_A_CLUSTER),
                )
                self.submit(threads, self._call, row.id)

    @override
    def handle_as_leader(self, message: object) -> None:
        match message:
            case RowChanged() | Tick():
                self.refresh()
            case Synchronised(resource_id=resource_id):
                self._under_way.discard(resource_id)
                self.refresh()  # the resource may have changed again while its hook was called
            case _:
                super().handle_as_leader(message)

    @override
    def on_stopped(self) -> None:
        super().on_stopped()
        self._threads.stop()

    @override
    def describe(self) -> str:
        return (
            f"{len(self._under_way)} hooks are being called"
            if self.is_leader
            else "another process does this"
        )

    def _call(self, resource_id: ResourceId) -> None:
        try:
            synchronise(self._database, self._caller, self._cipher, resource_id)
        except Retryable as error:
            self.log.warning(
                "A hook's outcome could not be written",
                action="wait",
                resource_id=str(resource_id),
                reason=error.message,
            )
        finally:
            self.tell_self(Synchronised(resource_id=resource_id))
