"""The official client is loaded at the first connection, by whichever threads come first."""

from __future__ import annotations

import subprocess
import sys

import pytest

FIRST_CONNECTIONS = """
import threading
from platz.kube.cluster_access import ClusterAccess
from platz.kube.connections import Connections, SocketRegister
from platz.kube.credentials import Credential, FixedCredential

access = ClusterAccess(
    name="east", server="https://127.0.0.1:1", credentials=FixedCredential(credential=Credential())
)
together = threading.Barrier(12)
made = []

def connect():
    together.wait()
    made.append(Connections(access, certificate=None, register=SocketRegister()))

threads = [threading.Thread(target=connect) for _ in range(12)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print(len(made))
"""


@pytest.mark.parametrize("attempt", range(3))
def test_many_threads_may_connect_first(attempt: int) -> None:
    command = [sys.executable, "-c", FIRST_CONNECTIONS]
    ran = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert (ran.stdout, ran.stderr) == ("12\n", ""), attempt
