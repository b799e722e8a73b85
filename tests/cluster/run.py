"""`make test-cluster`: the conformance tests on a real cluster: that of KUBECONFIG, or one built from its modules.

The tests touch nothing outside namespaces of their own but definitions that they delete again.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))  # a script's own folder is on the path already
sys.path.insert(0, str(Path(__file__).parents[1]))

from control_plane import control_plane
from programs import NoCluster, kubernetes_version, programs

TESTS = Path(__file__).parent.parent
ON_REAL_CLUSTERS = (
    "cluster",
    "integration/sandbox/kubernetes/test_simulator_apply.py",
    "integration/sandbox/kubernetes/test_simulator_objects.py",
    "integration/sandbox/kubernetes/test_simulator_served_kinds.py",
    "integration/sandbox/kubernetes/test_simulator_workloads.py",
)


def run_tests(kubeconfig: str, arguments: list[str]) -> int:
    """Run the tests that a real cluster can answer; return pytest's exit code."""
    paths = [str(TESTS / path) for path in ON_REAL_CLUSTERS]
    environment = {**os.environ, "PLATZ_TEST_KUBECONFIG": kubeconfig}
    command = [sys.executable, "-m", "pytest", *(arguments or paths)]
    return subprocess.run(command, env=environment, check=False).returncode


def main() -> int:
    """Find or start a cluster, and test on it."""
    arguments = sys.argv[1:]
    if given := os.environ.get("KUBECONFIG"):
        print(f"Testing on the cluster of {given} ...", flush=True)
        return run_tests(given, arguments)
    try:
        built = programs()
        with tempfile.TemporaryDirectory() as folder, control_plane(built, Path(folder)) as plane:
            print(f"Testing on kube-apiserver {kubernetes_version()} ...", flush=True)
            return run_tests(str(plane.kubeconfig), arguments)
    except NoCluster as error:
        print(error, file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
