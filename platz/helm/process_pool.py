"""Runs Helm in child processes: several in parallel, spares kept warm, each killable.

Invariants:

- whatever happens to a child, its run ends with an outcome that a user can read, or with `HelmKilled` when it was
  killed on purpose; no outcome holds a declared secret or the cluster's credential;
- a release has one child at a time, and a child begins only after the right to run it was confirmed.
"""

from __future__ import annotations

import sys
import threading
from collections import deque
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import platz
from platz.errors import Retryable
from platz.helm import kept_replicas
from platz.helm.child_process import ChildCommand, ChildEnd, HelmChild
from platz.helm.diagnosis import HelmKilled, outcome_of
from platz.helm.engine import HelmOutcome, HelmRun
from platz.helm.redaction import Redactor
from platz.helm.token_renewal import FreshToken, TokenRenewal
from platz.helm.wire import Order, encode_order
from platz.json import JsonObject, JsonValue

_INHERITED = ("PATH", "LANG", "LC_ALL", "TZ", "SSL_CERT_FILE", "SSL_CERT_DIR")
_PROXY_SUFFIX = "_proxy"
_DATA = "data"
ENDING_SECONDS = 5.0
"""How long a killed child may take to be gone; the kernel needs milliseconds."""

Confirm = Callable[[], float | None]
"""A last check before a child begins. It returns until when the child may run, by the boot clock (None: without a
limit), or raises the error with which the run ends."""

_CREDENTIAL_KEYS = frozenset({"token", "client-key-data", "password"})


@dataclass(frozen=True, kw_only=True)
class HelmLimits:
    """``parallel`` children at once, each with ``memory_bytes`` of data, killed ``grace_seconds`` after the
    run's own timeout; ``warm`` spares are kept ready (80 MB each)."""

    parallel: int = 4
    warm: int = 1
    memory_bytes: int = 512 * 1024 * 1024
    grace_seconds: float = 15.0


@dataclass(frozen=True, kw_only=True)
class HelmSetup:
    """How children are set up: ``executable`` None means the SDK engine, ``folder`` exists and is for caches,
    ``environment`` is the one that a few variables are taken from."""

    folder: Path
    environment: Mapping[str, str]
    executable: Path | None = None


class HelmJob:
    """A run that waits or is under way, known to the thread that waits for it and to those that may kill it."""

    def __init__(
        self, order: Order, owners: frozenset[str], confirm: Confirm, fresh_token: FreshToken | None
    ) -> None:
        """Use `HelmProcesses.begin`."""
        self.order = order
        self.owners = owners
        self.confirm = confirm
        self.fresh_token = fresh_token
        self.canceled = False
        self.child: HelmChild | None = None

    def is_rival_of(self, other: HelmJob) -> bool:
        """Return whether both are about one release of one cluster."""
        own, theirs = self.order, other.order
        return self is not other and (
            (own.run.release, own.run.namespace, own.kubeconfig.get("clusters"))
            == (theirs.run.release, theirs.run.namespace, theirs.kubeconfig.get("clusters"))
        )


def without_limit() -> None:
    """Confirm a run that no other process could begin."""


class HelmProcesses:
    """All Helm children of this process; every method may be called from any thread."""

    def __init__(self, setup: HelmSetup, limits: HelmLimits) -> None:
        """Starts no child yet. Raises `OSError` when the folder can't be written."""
        self._limits = limits
        kept_replicas.write_plugin(setup.folder / _DATA, sys.executable)
        self._command = _command(setup, limits)
        self._changed = threading.Condition()
        self._jobs: set[HelmJob] = set()
        self._spares: deque[HelmChild] = deque()
        self._apart: set[str] = set()
        self._closed = False

    def start(self) -> None:
        """Start the warm spares, so that the first run finds Helm loaded."""
        while len(self._spares) < self._limits.warm:
            self._spares.append(self._spawn())

    def run(
        self,
        run: HelmRun,
        *,
        kubeconfig: JsonObject,
        owner: str = "",
        co_owners: Collection[str] = (),
        confirm: Confirm = without_limit,
        fresh_token: FreshToken | None = None,
    ) -> HelmOutcome:
        """Run Helm and wait for it. Raises `HelmKilled`, `Retryable` when no child can be started, and the errors of
        ``confirm``.
        """
        job = self.begin(
            run,
            kubeconfig=kubeconfig,
            owner=owner,
            co_owners=co_owners,
            confirm=confirm,
            fresh_token=fresh_token,
        )
        return self.finish(job)

    def begin(
        self,
        run: HelmRun,
        *,
        kubeconfig: JsonObject,
        owner: str = "",
        co_owners: Collection[str] = (),
        confirm: Confirm = without_limit,
        fresh_token: FreshToken | None = None,
    ) -> HelmJob:
        """Register a job and return it; `finish` runs it, and raises `HelmKilled` when the job was killed before.

        ``owner`` and ``co_owners`` name the job for `kill_owned_by`: the claim id of the runner whose task it is, the
        task, the lease. ``fresh_token`` gives the successors of the kubeconfig's token, if that does not last.
        """
        order = Order(run=run, kubeconfig=kubeconfig, renews_token=fresh_token is not None)
        job = HelmJob(order, frozenset({owner, *co_owners}), confirm, fresh_token)
        with self._changed:
            self._jobs.add(job)
        return job

    def finish(self, job: HelmJob) -> HelmOutcome:
        """Run the job in a child as soon as one may start, and return how it ended. Raises as `run`."""
        run = job.order.run
        try:
            child = self._child_for(job)
            with TokenRenewal(child, job.fresh_token) as renewal:
                end = self._serve(job, child)
        finally:
            self._remove(job)
        outcome = outcome_of(end, timeout_seconds=run.timeout_seconds, memory_bytes=self._limits.memory_bytes)
        return _redacted(outcome, job.order, renewal.tokens)

    def prolong(self, until: float) -> None:
        """Let every child live until then, because the owner's rights were renewed; never blocks on a child."""
        with self._changed:
            children = [job.child for job in self._jobs if job.child is not None]
        for child in children:
            child.prolong(until)

    def kill_owned_by(self, owner: str) -> int:
        """Kill all runs of this owner, also those that wait; return how many there were."""
        with self._changed:
            found = [job for job in self._jobs if owner in job.owners]
        return self._kill(found)

    def count_apart(self, owner: str, apart: bool) -> None:
        """Let the runs of this owner, which make no progress, hold up no others, or count them again."""
        with self._changed:
            if apart:
                self._apart.add(owner)
            else:
                self._apart.discard(owner)
            self._changed.notify_all()

    def end_owned_by(self, owner: str) -> bool:
        """Kill all runs of this owner and wait until they are gone; return whether they went in time."""
        self.kill_owned_by(owner)
        with self._changed:
            return self._changed.wait_for(
                lambda: not any(owner in job.owners for job in self._jobs), timeout=ENDING_SECONDS
            )

    def kill_all(self) -> int:
        """Kill all runs now; return how many there were. Later runs start as usual."""
        with self._changed:
            found = list(self._jobs)
        return self._kill(found)

    def close(self) -> None:
        """Kill all runs and spares, and start no more."""
        with self._changed:
            self._closed = True
            spares = list(self._spares)
            self._spares.clear()
        self.kill_all()
        for spare in spares:
            spare.discard()

    def _busy(self) -> int:
        return sum(job.child is not None and self._apart.isdisjoint(job.owners) for job in self._jobs)

    def _kill(self, jobs: Sequence[HelmJob]) -> int:
        with self._changed:
            for job in jobs:
                job.canceled = True
                if job.child is not None:
                    job.child.kill()
            self._changed.notify_all()
        return len(jobs)

    def _serve(self, job: HelmJob, child: HelmChild) -> ChildEnd:
        try:
            until = job.confirm()
        except BaseException:
            child.discard()
            raise
        order = encode_order(replace(job.order, until=until))
        seconds = job.order.run.timeout_seconds + self._limits.grace_seconds
        return child.serve(order, seconds=seconds, until=until)

    def _has_place(self, job: HelmJob) -> bool:
        rivals = any(other.child is not None and job.is_rival_of(other) for other in self._jobs)
        return not rivals and self._busy() < self._limits.parallel

    def _child_for(self, job: HelmJob) -> HelmChild:
        with self._changed:
            self._changed.wait_for(lambda: job.canceled or self._closed or self._has_place(job))
            if job.canceled or self._closed:
                raise HelmKilled
            job.child = self._spare() or self._spawn()
            if len(self._spares) < self._limits.warm:
                self._spares.append(self._spawn())
            return job.child

    def _spare(self) -> HelmChild | None:
        """Return a spare that still runs, if any: the system may have killed one while it waited."""
        while self._spares:
            spare = self._spares.popleft()
            if spare.is_alive():
                return spare
            spare.discard()
        return None

    def _spawn(self) -> HelmChild:
        try:
            return HelmChild(self._command)
        except OSError as error:
            raise Retryable(f"Helm cannot be started: {error.strerror}.") from error

    def _remove(self, job: HelmJob) -> None:
        with self._changed:
            self._jobs.discard(job)
            self._changed.notify_all()


def _command(setup: HelmSetup, limits: HelmLimits) -> ChildCommand:
    executable = [str(setup.executable)] if setup.executable else []
    return ChildCommand(
        arguments=[str(limits.memory_bytes), sys.executable, *executable],
        environment=_environment(setup, limits),
        folder=setup.folder,
    )


def _environment(setup: HelmSetup, limits: HelmLimits) -> dict[str, str]:
    """Return the environment of a child: none of Platz's settings, and caches of its own."""
    inherited = {
        name: value
        for name, value in setup.environment.items()
        if name in _INHERITED or name.lower().endswith(_PROXY_SUFFIX)
    }
    folder = str(setup.folder)
    return {
        **inherited,
        "HOME": folder,
        "HELM_CACHE_HOME": f"{folder}/cache",
        "HELM_CONFIG_HOME": f"{folder}/config",
        "HELM_DATA_HOME": f"{folder}/{_DATA}",
        "KUBECACHEDIR": f"{folder}/kube",
        "GOMEMLIMIT": str(limits.memory_bytes * 3 // 4),  # collect garbage harder before the limit is hit
        "PYTHONPATH": str(Path(platz.__file__).parents[1]),
        "PYTHONUNBUFFERED": "1",
    }


def _redacted(outcome: HelmOutcome, order: Order, tokens: Iterable[str]) -> HelmOutcome:
    redact = Redactor([*order.run.secrets, *_credentials(order.kubeconfig), *tokens])
    return HelmOutcome(
        ok=outcome.ok,
        output=redact(outcome.output),
        revision=outcome.revision,
        log=redact(outcome.log),
        manifest=outcome.manifest,
    )


def _credentials(document: JsonValue) -> Iterator[str]:
    match document:
        case dict():
            for key, value in document.items():
                if key in _CREDENTIAL_KEYS and isinstance(value, str):
                    yield value
                yield from _credentials(value)
        case list():
            for item in document:
                yield from _credentials(item)
        case _:
            return
