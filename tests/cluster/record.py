"""Records the answers of a real cluster: `PLATZ_TEST_KUBECONFIG=... python tests/cluster/record.py`.

Run it after cases were added or the version in `go.mod` changed, and read the difference before it is committed: what
is recorded is what the simulator must answer.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from uuid import uuid4

sys.path.insert(0, str(Path(__file__).parents[2]))  # a script's own folder is on the path already
sys.path.insert(0, str(Path(__file__).parents[1]))

from any_cluster import KUBECONFIG, real_api
from asking import answers_to
from cases import AREAS, cases_of, definition_of, write_answers
from definitions import defined
from waiting import eventually


def main() -> None:
    """Ask everything, in a namespace that is deleted at the end."""
    if not KUBECONFIG:
        sys.exit("Set PLATZ_TEST_KUBECONFIG to the kubeconfig of a real cluster.")
    needed = [definition for area in AREAS if (definition := definition_of(area))]
    namespace = f"platz-conformance-{uuid4().hex[:8]}"
    with (
        tempfile.TemporaryDirectory() as folder,
        real_api(KUBECONFIG, Path(folder)) as api,
        defined(api, needed),
    ):
        api.post("/api/v1/namespaces", json={"metadata": {"name": namespace}}).raise_for_status()
        account = f"/api/v1/namespaces/{namespace}/serviceaccounts/default"
        eventually(lambda: api.get(account).is_success, seconds=30)
        try:
            for area in AREAS:
                write_answers(area, {case.name: answers_to(api, namespace, case) for case in cases_of(area)})
        finally:
            api.delete(f"/api/v1/namespaces/{namespace}")


if __name__ == "__main__":
    main()
