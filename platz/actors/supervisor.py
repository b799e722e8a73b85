"""The supervisor: the actor that starts all others and restarts those that fail.

owns   the children and their restart policy
hears  `ChildFailed`, `ClusterServed`, `ClusterDropped`, `LeaseLost`, `Drain`, `StopChildren`
tells  `Heartbeat` and `Drain`, to every actor that subscribed
never  does the children's work, waits for them except to stop them, or hides that one keeps failing

A child that fails is restarted alone, after a jittered exponential backoff. The process ends, so that the production
supervisor starts it again, after more than ``policy.max_restarts`` failures within ``policy.window_seconds``, or when
a child with messages in its mailbox handles none for ``policy.hang_seconds`` (a thread can't be killed). Heartbeats
reach actors through the event bus, like all facts; a child with an empty mailbox that has received nothing, not even a
heartbeat, for ``policy.deaf_seconds`` is replaced.
"""

from __future__ import annotations

import time
from collections import Counter, deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import pykka
from typing_extensions import override

from platz import metrics
from platz.actors.actor import Actor, ActorContext
from platz.actors.actor_registry import Health
from platz.actors.messages import (
    ChildFailed,
    ClusterDropped,
    ClusterServed,
    Drain,
    Heartbeat,
    LeaseLost,
    StopChildren,
    Tick,
)
from platz.backoff import Backoff
from platz.config import Role

RESTART_BACKOFF = Backoff(first=0.2, limit=30.0)


@dataclass(frozen=True, kw_only=True)
class RestartPolicy:
    """How often and how fast children are restarted; times in seconds."""

    backoff: Backoff = RESTART_BACKOFF
    max_restarts: int = 10
    window_seconds: float = 60.0
    hang_seconds: float = 90.0
    watch_seconds: float = 5.0
    deaf_seconds: float = 20.0


class StartChild(Protocol):
    """A function that starts an actor, such as `functools.partial(SomeActor.start, ...)`."""

    def __call__(self, *, name: str, generation: int, actor_context: ActorContext) -> pykka.ActorRef[Any]:
        """Start the actor and return at once."""
        ...


@dataclass(frozen=True, kw_only=True)
class ChildSpec:
    """The name of a child, and how to start it."""

    name: str
    start: StartChild


@dataclass(kw_only=True)
class Child:
    """A child and the times of its recent failures (monotonic seconds)."""

    spec: ChildSpec
    ref: pykka.ActorRef[Any]
    generation: int = 0
    failures: deque[float] = field(default_factory=deque[float])


class Supervisor(Actor):
    """The parent of all other actors, which keeps them running."""

    hears = frozenset({ClusterServed, ClusterDropped, LeaseLost})

    def __init__(
        self,
        *,
        actor_context: ActorContext,
        children: Sequence[ChildSpec],
        runner_of: Callable[[ClusterServed], ChildSpec | None],
        policy: RestartPolicy,
        give_up: Callable[[str], None],
    ) -> None:
        """Take ``runner_of``, which returns the child that a served cluster needs, and ``give_up``, which ends the
        process.
        """
        super().__init__(name="supervisor", generation=0, actor_context=actor_context)
        self._specs = children
        self._runner_of = runner_of
        self._policy = policy
        self._give_up = give_up
        self._children: dict[str, Child] = {}
        self._generations: Counter[str] = Counter()  # kept when a child ends: its `ChildFailed` may come late
        self._restarts: deque[float] = deque()
        self._stopping = False
        self._children_context = ActorContext(
            actor_registry=actor_context.actor_registry,
            event_bus=actor_context.event_bus,
            timers=actor_context.timers,
            failed=self._child_failed,
        )

    @override
    def on_started(self) -> None:
        self.every(Tick(name="watch"), seconds=self._policy.watch_seconds)
        for spec in self._specs:
            self._start(spec)

    @override
    def handle(self, message: object) -> object:
        match message:
            case ChildFailed():
                self._schedule_restart(message)
            case Restart(name=name, generation=generation):
                self._restart(name, generation)
            case ClusterServed(work=Role.DEPLOY):
                self._serve(message)
            case ClusterServed() | ClusterDropped() if message.work is not Role.DEPLOY:
                pass  # other actors do that work
            case ClusterDropped(cluster_id=cluster_id):
                self._stop_child(runner_name(cluster_id), seconds=0)
            case LeaseLost(names=names):
                self.log.warning(
                    "Leases were lost; their work stops here", action="lose", leases=sorted(names)
                )
            case Tick():
                self._watch()
            case Drain():
                self._drain(message)
            case StopChildren(seconds=seconds):
                return self._stop_all(seconds)
            case _:
                return super().handle(message)
        return None

    @override
    def describe(self) -> str:
        return f"{len(self._children)} children, {len(self._restarts)} restarts lately"

    def _child_failed(self, name: str, generation: int, error: BaseException) -> None:
        self.tell_self(ChildFailed(name=name, generation=generation, error=error))

    def _start(self, spec: ChildSpec) -> None:
        generation = self._generations[spec.name]
        self._generations[spec.name] += 1
        ref = spec.start(name=spec.name, generation=generation, actor_context=self._children_context)
        child = self._children.setdefault(spec.name, Child(spec=spec, ref=ref))
        child.spec, child.ref, child.generation = spec, ref, generation
        self.log.debug("Started a child", action="start", child=spec.name, generation=generation)

    def _schedule_restart(self, failure: ChildFailed) -> None:
        child = self._children.get(failure.name)
        if child is None or child.generation != failure.generation or self._stopping:
            return
        self.log.error(
            "A child failed and will be started again",
            action="fail",
            child=failure.name,
            exc_info=failure.error,
        )
        if self._too_many_restarts():
            self._give_up(
                f"{failure.name} and its siblings failed {self._policy.max_restarts + 1} times in a short time"
            )
            return
        now = time.monotonic()
        child.failures.append(now)
        while child.failures and now - child.failures[0] > self._policy.window_seconds:
            child.failures.popleft()
        delay = self._policy.backoff.after(len(child.failures))
        self.after(Restart(name=failure.name, generation=failure.generation), seconds=delay)

    def _too_many_restarts(self) -> bool:
        now = time.monotonic()
        self._restarts.append(now)
        while now - self._restarts[0] > self._policy.window_seconds:
            self._restarts.popleft()
        return len(self._restarts) > self._policy.max_restarts

    def _restart(self, name: str, generation: int) -> None:
        child = self._children.get(name)
        if child is not None and child.generation == generation and not self._stopping:
            metrics.actor_restarts.labels(family(name)).inc()
            self._start(child.spec)

    def _serve(self, served: ClusterServed) -> None:
        name = runner_name(served.cluster_id)
        spec = self._runner_of(served)
        if spec is None or self._stopping:
            return
        if name in self._children:
            self._children[name].spec = spec  # a restart uses the new way to reach the cluster
        else:
            self._start(spec)

    def _watch(self) -> None:
        """Check every actor from outside, and publish a heartbeat, which takes the same way as all facts."""
        depths: Counter[str] = Counter()
        for health in self._actor_context.actor_registry.health():
            depths[family(health.name)] += health.depth
            if health.name != self.name:
                self._judge(health)
        for name, depth in depths.items():
            metrics.actor_mailbox_depth.labels(name).set(depth)
        self.publish(Heartbeat())

    def _judge(self, health: Health) -> None:
        """End the process if the actor hangs on a message; replace the actor if no message reaches it."""
        if health.depth and health.silent_seconds > self._policy.hang_seconds:
            dump = self._actor_context.actor_registry.dump()
            self.log.error("An actor hangs", action="fail", child=health.name, dump=dump)
            self._give_up(f"{health.name} has not handled a message for {health.silent_seconds:.0f} s")
        elif not health.depth and health.ready and health.silent_seconds > self._policy.deaf_seconds:
            self._replace(health.name)

    def _replace(self, name: str) -> None:
        child = self._children.get(name)
        if child is not None and not self._stopping:
            self.log.error("Nothing reaches an actor; it is started anew", action="fail", child=name)
            child.ref.stop(block=False)
            self._restart(name, child.generation)

    def _drain(self, message: Drain) -> None:
        self._stopping = True
        self.publish(message)

    def _stop_all(self, seconds: float) -> None:
        self._stopping = True
        deadline = time.monotonic() + seconds
        for name in reversed(list(self._children)):
            self._stop_child(name, seconds=max(0.0, deadline - time.monotonic()))

    def _stop_child(self, name: str, *, seconds: float) -> None:
        child = self._children.pop(name, None)
        if child is None:
            return
        try:
            child.ref.stop(block=seconds > 0, timeout=seconds or None)
        except pykka.Timeout:
            self.log.warning("A child did not stop in time and is left behind", action="stop", child=name)


def runner_name(cluster_id: object) -> str:
    """Return the name of the `DeploymentRunner` of a cluster."""
    return f"runner-{cluster_id}"


def family(name: str) -> str:
    """Return an actor's name without its cluster: all runners share one name in the metrics."""
    return "runner" if name.startswith("runner-") else name


@dataclass(frozen=True, kw_only=True)
class Restart:
    """A command to restart a child, if its ``generation`` is still the one that failed."""

    name: str
    generation: int
