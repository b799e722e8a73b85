"""Starts Platz: `python run.py --help` tells how."""

import os
import signal
import sys


def end_quietly(_number: int, _frame: object) -> None:
    """End the process; until `serve` heeds signals itself, nothing has been started."""
    os._exit(0)


def start() -> int:
    """Run Platz; return the exit status."""
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, end_quietly)
    try:
        from platz.app import main
    except ImportError as error:
        sys.stderr.write(f"platz: {error}. Run it with .venv/bin/python, which `make run` makes.\n")
        return 2
    return main()


if __name__ == "__main__":
    sys.exit(start())
