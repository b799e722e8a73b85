"""Given an actor that misbehaves, when the supervisor watches it, then its siblings are not affected."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence

import pykka
import pytest
from waiting import eventually

from platz.actors.actor import Actor, ActorContext
from platz.actors.actor_registry import ActorRegistry
from platz.actors.event_bus import EventBus
from platz.actors.messages import Heartbeat, StopChildren, Tick
from platz.actors.supervisor import ChildSpec, RestartPolicy, Supervisor
from platz.actors.timers import Timers
from platz.backoff import Backoff

FAST = RestartPolicy(
    backoff=Backoff(first=0.01, limit=0.05),
    max_restarts=5,
    window_seconds=30,
    hang_seconds=0.5,
    watch_seconds=0.1,
    deaf_seconds=1.0,
)


class Child(Actor):
    """A child that misbehaves as its arguments, its name or the name of a `Tick` say."""

    starts = 0
    release_gate: threading.Event

    def __init__(
        self,
        *,
        name: str,
        generation: int,
        actor_context: ActorContext,
        fail_starts: int = 0,
        gate: threading.Event | None = None,
    ) -> None:
        super().__init__(name=name, generation=generation, actor_context=actor_context)
        self._fail_starts = fail_starts
        self._gate = gate or threading.Event()
        self.handled = 0

    def on_started(self) -> None:
        if self.generation < self._fail_starts:
            raise RuntimeError("can't start yet")

    def handle(self, message: object) -> object:
        match message:
            case Tick(name="explode"):
                raise ValueError("boom")
            case Tick(name="hang"):
                self._gate.wait(30)
            case _:
                self.handled += 1
        return self.handled

    def on_stopped(self) -> None:
        if self.name == "bad-stop":
            raise RuntimeError("stop failed")


class Scene:
    """A supervisor with its children, and what happened to them."""

    def __init__(self) -> None:
        self.timers = Timers()
        self.timers.start()
        self.actor_context = ActorContext(
            actor_registry=ActorRegistry(), event_bus=EventBus(), timers=self.timers, failed=lambda *_: None
        )
        self.gave_up: list[str] = []
        self.gate = threading.Event()
        self.refs: dict[str, list[pykka.ActorRef[Child]]] = {}

    def spec(self, name: str, **options: object) -> ChildSpec:
        def start(*, name: str, generation: int, actor_context: ActorContext) -> pykka.ActorRef[Child]:
            ref = Child.start(
                name=name, generation=generation, actor_context=actor_context, gate=self.gate, **options
            )
            self.refs.setdefault(name, []).append(ref)
            return ref

        return ChildSpec(name=name, start=start)

    def supervise(
        self, children: Sequence[ChildSpec], policy: RestartPolicy = FAST
    ) -> pykka.ActorRef[Supervisor]:
        ref = Supervisor.start(
            actor_context=self.actor_context,
            children=children,
            runner_of=lambda _: None,
            policy=policy,
            give_up=self.gave_up.append,
        )
        assert not self.actor_context.actor_registry.wait_until_ready(["supervisor"], seconds=5)
        return ref

    def generation(self, name: str) -> int:
        return len(self.refs[name]) - 1

    def close(self) -> None:
        self.gate.set()
        self.timers.stop()
        pykka.ActorRegistry.stop_all(timeout=5)


@pytest.fixture
def scene() -> Iterator[Scene]:
    scene = Scene()
    yield scene
    scene.close()


def test_a_child_that_fails_in_a_message_is_restarted_alone(scene: Scene) -> None:
    scene.supervise([scene.spec("good"), scene.spec("bad")])
    scene.refs["bad"][0].tell(Tick(name="explode"))
    eventually(lambda: scene.generation("bad") == 1)
    assert not scene.actor_context.actor_registry.wait_until_ready(["bad"], seconds=5)
    assert scene.refs["bad"][1].ask(Tick(name="work"), timeout=5) == 1
    assert scene.generation("good") == 0
    assert scene.gave_up == []


def test_a_child_that_fails_in_start_is_tried_until_it_starts(scene: Scene) -> None:
    scene.supervise([scene.spec("slow-starter", fail_starts=3)])
    assert not scene.actor_context.actor_registry.wait_until_ready(["slow-starter"], seconds=5)
    assert eventually(lambda: scene.generation("slow-starter") == 3)
    assert scene.gave_up == []


def test_too_many_restarts_end_the_process(scene: Scene) -> None:
    scene.supervise([scene.spec("never", fail_starts=1000)])
    eventually(lambda: scene.gave_up)
    assert "never" in scene.gave_up[0]
    assert scene.generation("never") == FAST.max_restarts


def test_a_child_that_hangs_ends_the_process(scene: Scene) -> None:
    scene.supervise([scene.spec("stuck"), scene.spec("good")])
    scene.refs["stuck"][0].tell(Tick(name="hang"))
    eventually(lambda: scene.gave_up)
    assert scene.gave_up[0].startswith("stuck has not handled a message")


def test_an_idle_child_is_not_taken_for_hung(scene: Scene) -> None:
    scene.supervise([scene.spec("idle")])
    started = time.monotonic()
    eventually(lambda: time.monotonic() - started > 3 * FAST.hang_seconds)
    assert scene.gave_up == []


def test_a_child_that_no_fact_reaches_is_started_anew(scene: Scene) -> None:
    scene.supervise([scene.spec("deaf"), scene.spec("good")])
    scene.actor_context.actor_registry.wait_until_ready(["deaf", "good"], seconds=5)
    scene.actor_context.event_bus.unsubscribe("deaf", scene.refs["deaf"][0])
    eventually(lambda: scene.generation("deaf") == 1)
    eventually(lambda: not scene.refs["deaf"][0].is_alive())
    assert scene.generation("good") == 0
    assert scene.gave_up == []


def test_a_child_that_fails_in_stop_does_not_keep_the_others_from_stopping(scene: Scene) -> None:
    supervisor = scene.supervise([scene.spec("first"), scene.spec("bad-stop"), scene.spec("last")])
    supervisor.ask(StopChildren(seconds=5), timeout=10)
    assert [refs[-1].is_alive() for refs in scene.refs.values()] == [False, False, False]


def test_children_stop_in_the_mirrored_order(scene: Scene) -> None:
    stopped: list[str] = []
    children = [scene.spec(name) for name in ("one", "two", "three")]
    supervisor = scene.supervise(children)
    for name, refs in scene.refs.items():
        _on_stop(refs[0], lambda name=name: stopped.append(name))
    supervisor.ask(StopChildren(seconds=5), timeout=10)
    assert stopped == ["three", "two", "one"]


def test_a_hanging_child_delays_the_stop_only_until_the_deadline(scene: Scene) -> None:
    supervisor = scene.supervise([scene.spec("good"), scene.spec("stuck")], RestartPolicy(hang_seconds=60))
    scene.refs["stuck"][0].tell(Tick(name="hang"))
    began = time.monotonic()
    supervisor.ask(StopChildren(seconds=0.5), timeout=10)
    assert time.monotonic() - began < 5
    assert eventually(lambda: not scene.refs["good"][0].is_alive())


def test_a_flood_of_100_000_messages_is_handled_and_its_depth_is_seen(scene: Scene) -> None:
    scene.supervise([scene.spec("flooded"), scene.spec("calm")], RestartPolicy(hang_seconds=60))
    flooded = scene.refs["flooded"][0]
    flooded.tell(Tick(name="hang"))
    for _ in range(100_000):
        flooded.tell(Tick(name="work"))
    depth = {health.name: health.depth for health in scene.actor_context.actor_registry.health()}
    assert depth["flooded"] >= 100_000 - 1
    assert scene.refs["calm"][0].ask(Heartbeat(), timeout=5) is True
    scene.gate.set()
    assert flooded.ask(Tick(name="work"), timeout=60) == 100_001


def _on_stop(ref: pykka.ActorRef[Child], then: Callable[[], None]) -> None:
    actor = ref._actor_weakref()
    actor.on_stopped = then
