"""The scripts for developers start as `make` starts them: from the checkout, with nothing of it installed."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest
from repository import ROOT

STARTED = {
    "tests/bench/bench.py": ["--help"],
    "tests/cluster/record.py": [],
    "tests/cluster/run.py": ["--version"],
    "tests/fuzz/fuzz_charts.py": ["--help"],
}
EXPECTED = {"tests/cluster/record.py": "Set PLATZ_TEST_KUBECONFIG to the kubeconfig of a real cluster."}


@pytest.mark.parametrize("script", STARTED)
def test_it_finds_all_that_it_imports(script: str) -> None:
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    environment |= {"KUBECONFIG": "/dev/null"} if script.endswith("run.py") else {}
    environment.pop("PLATZ_TEST_KUBECONFIG", None)

    ended = subprocess.run(
        [sys.executable, script, *STARTED[script]],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )

    assert "Traceback" not in ended.stderr
    assert EXPECTED.get(script, "") in ended.stderr
