"""`make bench`: every benchmark, one after the other. Name some to run only those: `bench.py actors charts`."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
BENCHES = {
    path.stem.removeprefix("bench_"): path.stem for path in sorted(Path(__file__).parent.glob("bench_*.py"))
}


def main(wanted: list[str]) -> int:
    """Run the benchmarks and print their figures."""
    unknown = sorted(set(wanted) - set(BENCHES))
    if unknown:
        sys.stderr.write(f"There is no benchmark called {unknown[0]}; there are: {' '.join(BENCHES)}\n")
        return 2
    for name, module in BENCHES.items():
        if not wanted or name in wanted:
            sys.stdout.write(f"\n{name}\n")
            for figure in importlib.import_module(module).measure():
                sys.stdout.write(figure.line() + "\n")
                sys.stdout.flush()
    return 0


if __name__ == "__main__":
    sys.path[:0] = [str(ROOT), str(ROOT / "tests"), str(Path(__file__).parent)]
    sys.exit(main(sys.argv[1:]))
