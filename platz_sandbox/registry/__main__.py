"""`python -m platz_sandbox.registry`: the registry as a process of its own."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from platz.web_addresses import LOOPBACK
from platz_sandbox.demo_charts.demo_releases import DEMO_CHARTS
from platz_sandbox.registry.publishing import publish
from platz_sandbox.registry.registry_app import MAX_BLOB_BYTES, Stores, build, open_stores
from platz_sandbox.serving import listen, port_of, serve


@dataclass(frozen=True, kw_only=True)
class Arguments:
    """The command line."""

    port: int
    data: Path
    largest_blob: int
    demo_charts: bool


def parse_arguments(arguments: Sequence[str] | None = None) -> Arguments:
    """Parse the command line (``None``: that of this process)."""
    parser = argparse.ArgumentParser(prog="python -m platz_sandbox.registry", description=__doc__)
    parser.add_argument("--port", type=int, default=5001, help="port of 127.0.0.1; 0 takes a free one")
    parser.add_argument("--data", type=Path, required=True, help="folder that keeps the charts")
    parser.add_argument(
        "--largest-blob", type=int, default=MAX_BLOB_BYTES, metavar="BYTES", help="limit for one blob"
    )
    parser.add_argument("--no-demo-charts", action="store_true", help="start without the demo charts")
    found = parser.parse_args(arguments)
    return Arguments(
        port=found.port,
        data=found.data,
        largest_blob=found.largest_blob,
        demo_charts=not found.no_demo_charts,
    )


def _prepare(arguments: Arguments) -> Stores:
    try:
        stores = open_stores(arguments.data, largest_blob=arguments.largest_blob)
        if arguments.demo_charts:
            publish(DEMO_CHARTS, stores)
    except OSError as error:
        sys.exit(f"the data folder {arguments.data} can't be used: {error.strerror}")
    return stores


def main() -> None:
    """Serve until the parent ends."""
    arguments = parse_arguments()
    listening = listen(arguments.port)
    stores = _prepare(arguments)
    serve(build(stores), listening=listening, facts={"url": f"http://{LOOPBACK}:{port_of(listening)}"})


if __name__ == "__main__":
    main()
