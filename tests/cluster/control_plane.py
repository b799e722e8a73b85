"""A real control plane on this machine: etcd, kube-apiserver, kube-controller-manager, and the tests' own kubelet.

Invariant: everything is on loopback and in one folder, and is gone when the `with` block ends.
"""

from __future__ import annotations

import contextlib
import secrets
import socket
import ssl
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import httpx
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from kubelet import Kubelet
from programs import NoCluster
from waiting import eventually

from platz_sandbox.kubernetes.kubeconfig import Access, write_kubeconfig

_START_SECONDS = 90.0
_SERVICE_RANGE = "10.96.0.0/16"


@dataclass(frozen=True, kw_only=True)
class ControlPlane:
    """A running control plane."""

    kubeconfig: Path


@contextlib.contextmanager
def control_plane(programs: Mapping[str, Path], folder: Path) -> Iterator[ControlPlane]:
    """Start a control plane that keeps its data in ``folder``; end it with the block."""
    etcd, peer, api = _free_ports(3)
    token = secrets.token_urlsafe(24)
    (folder / "tokens.csv").write_text(f"{token},admin,admin,system:masters\n")
    _write_signing_key(folder)
    kubeconfig = folder / "kubeconfig"
    with contextlib.ExitStack() as running:
        _start(running, folder, programs["etcd"], _etcd_options(folder, etcd, peer))
        _start(running, folder, programs["kube-apiserver"], _api_options(folder, etcd, api))
        server = f"https://127.0.0.1:{api}"
        authority = folder / "certificates" / "apiserver.crt"
        eventually(lambda: _is_ready(server, authority, token), seconds=_START_SECONDS, every=0.2)
        write_kubeconfig(kubeconfig, {"east": Access(server=server, token=token)}, authority.read_bytes())
        manager = _manager_options(folder, kubeconfig, authority)
        _start(running, folder, programs["kube-controller-manager"], manager)
        kubelet = running.enter_context(_client(server, authority, token))
        running.enter_context(Kubelet(kubelet))
        yield ControlPlane(kubeconfig=kubeconfig)


def _etcd_options(folder: Path, client: int, peer: int) -> list[str]:
    client_url, peer_url = f"http://127.0.0.1:{client}", f"http://127.0.0.1:{peer}"
    return [
        "--name=tests", f"--data-dir={folder / 'etcd'}", "--unsafe-no-fsync", "--log-level=error",
        f"--listen-client-urls={client_url}", f"--advertise-client-urls={client_url}",
        f"--listen-peer-urls={peer_url}", f"--initial-advertise-peer-urls={peer_url}",
        f"--initial-cluster=tests={peer_url}",
    ]  # fmt: skip


def _api_options(folder: Path, etcd: int, port: int) -> list[str]:
    return [
        f"--etcd-servers=http://127.0.0.1:{etcd}", f"--secure-port={port}", "--bind-address=127.0.0.1",
        f"--cert-dir={folder / 'certificates'}", f"--token-auth-file={folder / 'tokens.csv'}",
        "--service-account-issuer=https://kubernetes.default.svc",
        f"--service-account-key-file={folder / 'accounts.key'}",
        f"--service-account-signing-key-file={folder / 'accounts.key'}",
        f"--service-cluster-ip-range={_SERVICE_RANGE}", "--authorization-mode=RBAC",
        "--endpoint-reconciler-type=none", "--allow-privileged=true",
    ]  # fmt: skip


def _manager_options(folder: Path, kubeconfig: Path, authority: Path) -> list[str]:
    return [
        f"--kubeconfig={kubeconfig}", "--leader-elect=false", "--secure-port=0",
        f"--service-account-private-key-file={folder / 'accounts.key'}", f"--root-ca-file={authority}",
    ]  # fmt: skip


def _start(running: contextlib.ExitStack, folder: Path, program: Path, options: list[str]) -> None:
    log = running.enter_context((folder / f"{program.name}.log").open("wb"))
    try:
        process = subprocess.Popen([program, *options], stdout=log, stderr=log)
    except OSError as error:
        raise NoCluster(f"{program} can't be run: {error}. Delete it, and it is built again.") from error
    running.callback(_end, process)


def _end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(timeout=5)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _write_signing_key(folder: Path) -> None:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    pem = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.TraditionalOpenSSL,
        serialization.NoEncryption(),
    )
    (folder / "accounts.key").write_bytes(pem)


def _client(server: str, authority: Path, token: str) -> httpx.Client:
    context = ssl.create_default_context(cafile=authority)
    headers = {"authorization": f"Bearer {token}"}
    return httpx.Client(base_url=server, verify=context, headers=headers, timeout=10)


def _is_ready(server: str, authority: Path, token: str) -> bool:
    if not authority.exists():
        return False
    try:
        with _client(server, authority, token) as client:
            return client.get("/readyz").is_success
    except httpx.HTTPError:
        return False


def _free_ports(count: int) -> list[int]:
    with contextlib.ExitStack() as held:
        sockets = [held.enter_context(socket.socket()) for _ in range(count)]
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in sockets]
