"""Fuzz everything that reads what chart authors and users write.

    python tests/fuzz/fuzz_charts.py --seconds 60 [--seed N] [--only TARGET]

A crash, a call that takes longer than the deadline, or a broken law ends the run with 1 and prints the target,
the seed that reproduces it and the input.
"""

from __future__ import annotations

import argparse
import resource
import signal
import sys
import time
import traceback
from pathlib import Path
from random import Random
from types import FrameType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from chart_targets import Target

DEADLINE_SECONDS = 10
MEMORY_BYTES = 4 * 1024**3


def main() -> int:
    """Run the targets in turn until the time is up."""
    sys.path.insert(0, str(Path(__file__).parents[2]))  # run as a script, so only this folder is on the path
    from chart_targets import TARGETS

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=30)
    parser.add_argument("--seed", type=int, default=time.time_ns() % 1_000_000_000)
    parser.add_argument("--only", choices=sorted(TARGETS))
    arguments = parser.parse_args()
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    signal.signal(signal.SIGALRM, _too_slow)
    names = [arguments.only] if arguments.only else list(TARGETS)
    seconds: dict[str, list[float]] = {name: [] for name in names}
    end, seed = time.monotonic() + arguments.seconds, arguments.seed
    while time.monotonic() < end:
        for name in names:
            started = time.monotonic()
            if not _attempt(name, TARGETS[name], seed):
                return 1
            seconds[name].append(time.monotonic() - started)
        seed += 1
    print(f"seeds {arguments.seed} to {seed - 1}: nothing found")
    for name, taken in seconds.items():
        print(f"  {name:14} {len(taken):7} inputs, slowest {max(taken) * 1000:7.1f} ms")
    return 0


def _attempt(name: str, target: Target, seed: int) -> bool:
    make, check = target
    made = make(Random(seed))
    signal.alarm(DEADLINE_SECONDS)
    try:
        check(made)
    except Exception:  # noqa: BLE001 - whatever it is, it is what a fuzzer looks for
        traceback.print_exc()
        print(f"FAILED --only {name} --seed {seed}, input {made!r:.2000}")
        return False
    finally:
        signal.alarm(0)
    return True


def _too_slow(_signal: int, _frame: FrameType | None) -> None:
    raise AssertionError(f"took longer than {DEADLINE_SECONDS} seconds")


if __name__ == "__main__":
    sys.exit(main())
