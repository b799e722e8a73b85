"""The life of one process: configure, start the backing services, connect, start the actors, serve, and stop in
reverse order.

Exit status: 0 after SIGTERM or Ctrl-C, 2 for a wrong setting or a missing dependency, 70 when the process gave up
because its actors kept failing (the production supervisor starts it again).
"""

from __future__ import annotations

import logging
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack, suppress
from functools import partial

import pykka
import structlog

from platz import logs, signals
from platz.actors.actor import ActorContext
from platz.actors.actor_registry import ActorRegistry
from platz.actors.event_bus import EventBus
from platz.actors.messages import Drain, LeaseLost, StopChildren
from platz.actors.supervisor import ChildSpec, RestartPolicy, Supervisor
from platz.actors.timers import Timers
from platz.backing_services import (
    BackingServices,
    prepare_data_folder,
    real_database,
    refuse_stand_ins_in_production,
    require_stand_ins,
    running_services,
)
from platz.banner import banner
from platz.changes.encryption_at_start import encrypt_plain_documents
from platz.commands.arguments import Arguments, parse
from platz.commands.running_platz import announced
from platz.commands.settings_report import settings_report
from platz.config import LoadedSettings, Role, Settings, SettingsError, load_here, misspelt
from platz.db.address import DatabaseAddress
from platz.db.adoption.adoption_progress import Progress
from platz.db.database import Database
from platz.db.encryption import Cipher
from platz.db.key_rotation import encrypt_plain_rows
from platz.db.migrations import migrate
from platz.errors import PlatzError
from platz.wiring.children import child_specs, runner_of
from platz.wiring.components import Components, cipher_of, make_components, open_database
from platz.wiring.listeners import answering_probes, answering_that_it_starts, bound_listeners
from platz.wiring.weaknesses import tell_or_refuse, weaknesses
from platz.wiring.web import Web, make_web

READY_SECONDS = 30.0
HOUSEKEEPING_SECONDS = 5.0
GAVE_UP = 70
WRONG = 2
OTHER_LEVELS = {"trace": "debug", "off": "critical"}
"""Log levels that only the older server knows, with the closest level here."""

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line of `platz`; see `run`."""
    return run(parse(sys.argv[1:] if argv is None else argv))


def run(arguments: Arguments) -> int:
    """Do what the arguments say and return the exit status; print an expected error as one line on standard error."""
    try:
        if arguments.handler or arguments.with_settings:
            for number in (signal.SIGTERM, signal.SIGINT):
                signal.signal(number, signal.SIG_DFL)  # an interrupted command must not exit with 0
        if arguments.handler is not None:
            return arguments.handler()
        loaded = load_here(flags=arguments.settings, file=arguments.config, defaults=arguments.defaults)
        if arguments.print_settings:
            _say(settings_report(loaded))
            return 0
        if arguments.with_settings is not None:
            return arguments.with_settings(loaded.settings)
        status = serve(loaded)
    except (SettingsError, PlatzError) as error:
        sys.stderr.write(f"{arguments.program}: {error}\n")
        status = WRONG
    except BrokenPipeError:  # the reader of the output has closed it
        status = 0
    _leave(status)
    return status


class ShutdownRequest:
    """The request to end the process, and its exit status; made once, by a signal or by the supervisor."""

    def __init__(self) -> None:
        self.status = 0
        self._asked = threading.Event()

    def ask(self, *, status: int = 0) -> None:
        """Request the end of the process; only the first request counts."""
        if not self._asked.is_set():
            self.status = status
            self._asked.set()

    def give_up(self, reason: str) -> None:
        """Log the reason, and request the end of the process with status 70."""
        log.critical("Giving up", action="give-up", reason=reason)
        self.ask(status=GAVE_UP)

    def is_asked(self) -> bool:
        """Return whether the end of the process was requested."""
        return self._asked.is_set()

    def wait(self) -> None:
        """Wait until the end of the process is requested."""
        self._asked.wait()


def serve(loaded: LoadedSettings) -> int:
    """Serve until a signal; return the exit status."""
    began = time.monotonic()
    settings = loaded.settings
    logs.configure(level=log_level(loaded), style=settings.log_format)
    for name, meant in misspelt(os.environ).items():
        log.warning("Nothing reads this variable", action="configure", variable=name, meant=meant)
    shutdown = ShutdownRequest()
    actor_context = _actor_context(shutdown)
    _heed_signals(shutdown, actor_context.actor_registry)
    refuse_stand_ins_in_production(settings)
    require_stand_ins(settings)
    prepare_data_folder(settings)
    with ExitStack() as stack:
        listeners = bound_listeners(settings, stack)
        progress = Progress()
        with answering_that_it_starts(listeners, lambda: str(progress)):
            services, database, cipher = _prepare(settings, progress, stack)
        components = make_components(
            settings, services, database, cipher, _on_lost_leases(actor_context), stack
        )
        web = make_web(components, listener=listeners.api, actor_registry=actor_context.actor_registry)
        tell_or_refuse(settings, weaknesses(settings, services, cipher))
        gone = partial(shutdown.give_up, "the server of PLATZ_HEALTH_PORT ended by itself")
        stack.enter_context(answering_probes(listeners, web.readiness, gone))
        stack.callback(actor_context.timers.stop)
        for part in (components.leases, components.helm, actor_context.timers):
            part.start()
        children = child_specs(components, web)
        supervisor = _supervisor(actor_context, components, children, shutdown)
        try:
            _pass_ready_barrier(actor_context.actor_registry, [child.name for child in children], shutdown)
            if Role.API in settings.roles:
                stack.enter_context(announced(settings))
            if not shutdown.is_asked():
                _say(banner(settings, services, seconds=time.monotonic() - began))
            shutdown.wait()
        finally:
            _stop(supervisor, web, seconds=settings.stop_timeout.total_seconds())
    log.info("Stopped", action="stop", status=shutdown.status)
    return shutdown.status


def _prepare(
    settings: Settings, progress: Progress, stack: ExitStack
) -> tuple[BackingServices, Database, Cipher]:
    """Start the stand-ins, and bring the database to where the actors can work with it."""
    address = real_database(settings)
    real = (
        _ready_database(settings, address, progress, stack) if address else None
    )  # before any stand-in starts
    services = stack.enter_context(running_services(settings))
    database = real or _ready_database(settings, services.database, progress, stack)
    cipher = cipher_of(settings, sandbox_key=services.encryption_key)
    progress.tell("encrypting what is plain")
    _encrypt_what_is_plain(database, cipher)
    return services, database, cipher


def _ready_database(
    settings: Settings, address: DatabaseAddress, progress: Progress, stack: ExitStack
) -> Database:
    """Open the database and bring its schema up to date."""
    database = open_database(settings, address, stack)
    progress.tell("migrating the database, or waiting for another process that does")
    migrate(database, progress)
    return database


def _encrypt_what_is_plain(database: Database, cipher: Cipher) -> None:
    """Encrypt plain secrets and sensitive inputs, and renew what an older key encrypted; raise `Undecipherable`."""
    with database.transaction() as connection:
        encrypt_plain_rows(connection, cipher)
        encrypt_plain_documents(connection, cipher)


def _supervisor(
    actor_context: ActorContext,
    components: Components,
    children: Sequence[ChildSpec],
    shutdown: ShutdownRequest,
) -> pykka.ActorRef[Supervisor]:
    return Supervisor.start(
        actor_context=actor_context,
        children=children,
        runner_of=partial(runner_of, components),
        policy=RestartPolicy(),
        give_up=shutdown.give_up,
    )


def _say(text: str) -> None:
    sys.stdout.write(text)
    sys.stdout.flush()


def _leave(status: int) -> None:
    """End the process, even if threads still wait for a cluster or a deployment that does not respond."""
    waiting = sorted(
        {thread.name for thread in threading.enumerate() if thread is not threading.current_thread()}
    )
    if waiting:
        log.debug("Leaving threads behind", action="stop", threads=waiting)
    logging.shutdown()
    with suppress(BrokenPipeError):
        sys.stdout.flush()
        sys.stderr.flush()
    os._exit(status)


def log_level(loaded: LoadedSettings) -> str:
    """Return the log level: PLATZ_LOG_LEVEL, or else RUST_LOG, which the older server's manifests set."""
    settings = loaded.settings
    if "log_level" in loaded.sources or not settings.rust_log:
        return settings.log_level
    levels = [word.strip().lower() for word in settings.rust_log.split(",") if "=" not in word]
    return OTHER_LEVELS.get(levels[0], levels[0]) if levels else settings.log_level


def _heed_signals(shutdown: ShutdownRequest, actor_registry: ActorRegistry) -> None:
    def dump() -> None:
        sys.stderr.write(actor_registry.dump() + "\n")
        sys.stderr.flush()

    signals.heed({signal.SIGTERM: shutdown.ask, signal.SIGINT: shutdown.ask, signal.SIGUSR1: dump})


def _actor_context(shutdown: ShutdownRequest) -> ActorContext:
    """Return the supervisor's actor context: nothing supervises the supervisor, so its failure ends the process."""
    return ActorContext(
        actor_registry=ActorRegistry(),
        event_bus=EventBus(),
        timers=Timers(),
        failed=lambda name, _generation, error: shutdown.give_up(f"{name} failed: {error!r}"),
    )


def _on_lost_leases(actor_context: ActorContext) -> Callable[[frozenset[str]], None]:
    return lambda names: actor_context.event_bus.publish(LeaseLost(names=names))


def _pass_ready_barrier(
    actor_registry: ActorRegistry, names: Sequence[str], shutdown: ShutdownRequest
) -> None:
    """Wait until every child has looked at everything once; raise `PlatzError` with the names of the missing ones."""
    deadline = time.monotonic() + READY_SECONDS
    missing = frozenset(names)
    while missing and not shutdown.is_asked() and time.monotonic() < deadline:
        missing = actor_registry.wait_until_ready(names, seconds=0.2)
    if missing and not shutdown.is_asked():
        raise PlatzError(
            f"These components did not become ready within {READY_SECONDS:g} s: {', '.join(sorted(missing))}."
        )


def _stop(supervisor: pykka.ActorRef[Supervisor], web: Web, *, seconds: float) -> None:
    """Claim no more tasks, give running ones ``seconds`` to end, then stop all actors, last started first."""
    log.info("Stopping", action="stop")
    web.readiness.begin_shutdown()
    try:
        supervisor.tell(Drain(until=time.monotonic() + seconds))
        supervisor.ask(
            StopChildren(seconds=seconds + HOUSEKEEPING_SECONDS), timeout=seconds + 2 * HOUSEKEEPING_SECONDS
        )
        supervisor.stop(timeout=HOUSEKEEPING_SECONDS)
    except pykka.ActorDeadError:  # the supervisor itself failed, so its children must be stopped here
        pykka.ActorRegistry.stop_all(block=True, timeout=HOUSEKEEPING_SECONDS)
    except pykka.Timeout:
        log.warning("Not everything stopped in time", action="stop")
