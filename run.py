"""Starts Platz: `python run.py --help` tells how."""

import os
import signal
import sys


def end_quietly(_number: int, _frame: object) -> None:
    """End the process; until `serve` heeds signals itself, nothing has been started."""
    os._exit(0)


if __name__ == "__main__":
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, end_quietly)

    from platz.app import main

    sys.exit(main())
