"""`python -m platz_sandbox.kubernetes`: see the package's docstring for the arguments."""

from __future__ import annotations

import argparse
import logging
import re
import sys
from pathlib import Path

from platz.errors import PlatzError
from platz_sandbox.kubernetes.controllers.loop import Timing
from platz_sandbox.kubernetes.simulator import Options, serve

_CLUSTER_NAME = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?")


def _cluster(name: str) -> str:
    if not _CLUSTER_NAME.fullmatch(name):
        raise argparse.ArgumentTypeError(
            f"{name!r} is no cluster name: lower-case letters, digits and dashes"
        )
    return name


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m platz_sandbox.kubernetes", description="Simulated clusters"
    )
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--ingress-port", type=int, default=0)
    parser.add_argument("--cluster", type=_cluster, action="append", required=True)
    for name, default in (
        ("ready", Timing.ready),
        ("run", Timing.run),
        ("terminate", Timing.terminate),
        ("control", Timing.control),
    ):
        parser.add_argument(f"--{name}-seconds", type=float, default=default)
    return parser.parse_args()


def main() -> int:
    """Run the simulator; return the process's exit status."""
    logging.basicConfig(stream=sys.stderr, level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    given = _arguments()
    timing = Timing(
        ready=given.ready_seconds,
        run=given.run_seconds,
        terminate=given.terminate_seconds,
        control=given.control_seconds,
    )
    options = Options(
        data=given.data.resolve(), port=given.port, ingress_port=given.ingress_port,
        clusters=tuple(dict.fromkeys(given.cluster)), timing=timing,
    )  # fmt: skip
    try:
        serve(options)
    except PlatzError as error:
        print(error.message, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
