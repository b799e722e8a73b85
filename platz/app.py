"""The story of one process: configure, start the backing services, connect, start the actors,
serve, stop in the mirrored order.

Exit status: 0 after SIGTERM or Ctrl-C, 2 for a wrong setting or a dependency that is not there, 70 when the process
gave up because its actors kept failing (the production supervisor starts it again).
"""

from __future__ import annotations

import logging
import os
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack, closing, suppress
from functools import partial
from pathlib import Path

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
    listen_address,
    real_database,
    refuse_stand_ins_in_production,
    running_services,
)
from platz.banner import banner
from platz.changes.encryption_at_start import encrypt_plain_documents
from platz.commands.arguments import parse
from platz.commands.settings_report import settings_report
from platz.config import LoadedSettings, Role, Settings, SettingsError, load, misspelt
from platz.db.address import DatabaseAddress
from platz.db.database import Database
from platz.db.encryption import Cipher
from platz.db.key_rotation import encrypt_plain_rows
from platz.db.migrations import migrate
from platz.errors import PlatzError
from platz.http.server import bind
from platz.wiring.children import child_specs, runner_of
from platz.wiring.components import Components, make_cipher, make_components, open_database
from platz.wiring.web import Web, make_web

READY_SECONDS = 30.0
HOUSEKEEPING_SECONDS = 5.0
GAVE_UP = 70
WRONG = 2
OTHER_LEVELS = {"trace": "debug", "off": "critical"}
"""What only the older server's log filter knows."""

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line; every refusal is one line on standard error."""
    arguments = parse(sys.argv[1:] if argv is None else argv)
    try:
        if arguments.handler is not None:
            for number in (signal.SIGTERM, signal.SIGINT):
                signal.signal(number, signal.SIG_DFL)  # an unfinished command has not succeeded
            return arguments.handler()
        loaded = load(
            flags=arguments.settings, environ=os.environ, file=arguments.config, dotenv=Path(".env")
        )
        if arguments.print_settings:
            _say(settings_report(loaded))
            return 0
        status = serve(loaded)
    except (SettingsError, PlatzError) as error:
        sys.stderr.write(f"platz: {error}\n")
        status = WRONG
    except BrokenPipeError:  # whoever read the output has seen enough
        status = 0
    _leave(status)
    return status


class ShutdownRequest:
    """Why and with which status the process ends; set once, by a signal or by the supervisor."""

    def __init__(self) -> None:
        self.status = 0
        self._asked = threading.Event()

    def ask(self, *, status: int = 0) -> None:
        """Let the process end."""
        if not self._asked.is_set():
            self.status = status
            self._asked.set()

    def give_up(self, reason: str) -> None:
        """End because going on makes no sense."""
        log.critical("Giving up", action="give-up", reason=reason)
        self.ask(status=GAVE_UP)

    def is_asked(self) -> bool:
        """Tell whether the process is about to end."""
        return self._asked.is_set()

    def wait(self) -> None:
        """Wait until the process is to end."""
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
    with ExitStack() as stack:
        listener = _listener(loaded, stack)
        address = real_database(settings)
        real = _ready_database(settings, address, stack) if address else None  # before any stand-in starts
        services = stack.enter_context(running_services(settings))
        database = real or _ready_database(settings, services.database, stack)
        cipher = make_cipher(settings, services)
        _encrypt_what_is_plain(database, cipher)
        components = make_components(
            settings, services, database, cipher, _on_lost_leases(actor_context), stack
        )
        web = make_web(components, listener=listener, actor_registry=actor_context.actor_registry)
        stack.callback(actor_context.timers.stop)
        for part in (components.leases, components.helm, actor_context.timers):
            part.start()
        children = child_specs(components, web)
        supervisor = _supervisor(actor_context, components, children, shutdown)
        try:
            _pass_ready_barrier(actor_context.actor_registry, [child.name for child in children], shutdown)
            if not shutdown.is_asked():
                _say(banner(settings, services, seconds=time.monotonic() - began))
            shutdown.wait()
        finally:
            _stop(supervisor, web, seconds=settings.stop_timeout.total_seconds())
    log.info("Stopped", action="stop", status=shutdown.status)
    return shutdown.status


def _ready_database(settings: Settings, address: DatabaseAddress, stack: ExitStack) -> Database:
    """Open the database and bring its schema up to date."""
    database = open_database(settings, address, stack)
    migrate(database)
    return database


def _encrypt_what_is_plain(database: Database, cipher: Cipher) -> None:
    """Bring the encryption of what is there up to date."""
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
    """End the process although threads may still be waiting for a cluster or a deployment that does not answer."""
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
    """The log level; RUST_LOG is what the older server's manifests set."""
    settings = loaded.settings
    if "log_level" in loaded.sources or not settings.rust_log:
        return settings.log_level
    levels = [word.strip().lower() for word in settings.rust_log.split(",") if "=" not in word]
    return OTHER_LEVELS.get(levels[0], levels[0]) if levels else settings.log_level


def _listener(loaded: LoadedSettings, stack: ExitStack) -> socket.socket | None:
    """Bind the API's port before anything is started, so that a taken one is noticed first."""
    if Role.API not in loaded.settings.roles:
        return None
    host, port = listen_address(loaded.settings)
    return stack.enter_context(closing(bind(host, port)))


def _heed_signals(shutdown: ShutdownRequest, actor_registry: ActorRegistry) -> None:
    def dump() -> None:
        sys.stderr.write(actor_registry.dump() + "\n")
        sys.stderr.flush()

    signals.heed({signal.SIGTERM: shutdown.ask, signal.SIGINT: shutdown.ask, signal.SIGUSR1: dump})


def _actor_context(shutdown: ShutdownRequest) -> ActorContext:
    """The context of the supervisor: nobody supervises it, so its failure ends the process."""
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
    """Go on when every child has looked at everything once; raise with the names of those that have not."""
    deadline = time.monotonic() + READY_SECONDS
    missing = frozenset(names)
    while missing and not shutdown.is_asked() and time.monotonic() < deadline:
        missing = actor_registry.wait_until_ready(names, seconds=0.2)
    if missing and not shutdown.is_asked():
        raise PlatzError(
            f"These components did not become ready within {READY_SECONDS:g} s: {', '.join(sorted(missing))}."
        )


def _stop(supervisor: pykka.ActorRef[Supervisor], web: Web, *, seconds: float) -> None:
    """Claim nothing more, let running tasks end for ``seconds``, then stop all actors, last started first."""
    log.info("Stopping", action="stop")
    web.readiness.begin_shutdown()
    try:
        supervisor.tell(Drain(until=time.monotonic() + seconds))
        supervisor.ask(
            StopChildren(seconds=seconds + HOUSEKEEPING_SECONDS), timeout=seconds + 2 * HOUSEKEEPING_SECONDS
        )
        supervisor.stop(timeout=HOUSEKEEPING_SECONDS)
    except pykka.ActorDeadError:  # the supervisor itself failed: nobody else stops its children
        pykka.ActorRegistry.stop_all(block=True, timeout=HOUSEKEEPING_SECONDS)
    except pykka.Timeout:
        log.warning("Not everything stopped in time", action="stop")
