"""The programs of a real control plane, built from the modules that `go.mod` pins.

Invariant: what is in the cache was built from exactly this `go.mod` and `go.sum`; a broken build leaves nothing there.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

HERE = Path(__file__).parent
PACKAGES: Mapping[str, str] = {
    "etcd": "go.etcd.io/etcd/server/v3",
    "kube-apiserver": "k8s.io/kubernetes/cmd/kube-apiserver",
    "kube-controller-manager": "k8s.io/kubernetes/cmd/kube-controller-manager",
}


class NoCluster(Exception):
    """There is no cluster to test against; the text says what to do."""


def cache_folder() -> Path:
    """Return the folder of the programs of these pins, outside the repository."""
    pins = hashlib.sha256((HERE / "go.mod").read_bytes() + (HERE / "go.sum").read_bytes()).hexdigest()
    caches = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return caches / "platz" / "control-plane" / pins[:16]


def kubernetes_version() -> str:
    """Return the version that `go.mod` pins, such as `v1.36.3`."""
    [version] = re.findall(r"k8s\.io/kubernetes (v\S+)", (HERE / "go.mod").read_text())
    return version


def programs() -> Mapping[str, Path]:
    """Return the path of each program; build those that the cache does not have."""
    folder = cache_folder()
    missing = [name for name in PACKAGES if not (folder / name).exists()]
    if missing and shutil.which("go") is None:
        raise NoCluster(
            "There is no cluster to test against: set KUBECONFIG to the one to use (kind, minikube, ...),"
            " or install Go, with which kube-apiserver is built."
        )
    for name in missing:
        _build(name, folder)
    return {name: folder / name for name in PACKAGES}


def _build(name: str, folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    fresh = folder / f"{name}.new"
    print(
        f"Building {name} {kubernetes_version()} (once; all three programs take about 12 minutes) ...",
        flush=True,
    )
    built = subprocess.run(
        [
            "go",
            "build",
            "-mod=readonly",
            "-trimpath",
            "-ldflags",
            _linker_flags(),
            "-o",
            fresh,
            PACKAGES[name],
        ],
        cwd=HERE,
        env={**os.environ, "CGO_ENABLED": "0"},
        check=False,
    )
    if built.returncode:
        raise NoCluster(f"Go could not build {name}: see its messages above, or set KUBECONFIG to a cluster.")
    fresh.rename(folder / name)


def _linker_flags() -> str:
    """Return flags that strip the program and tell it its version, which it otherwise gives as v0.0.0."""
    version = kubernetes_version()
    major, minor, _ = version.removeprefix("v").split(".")
    facts = {"gitVersion": version, "gitMajor": major, "gitMinor": minor}
    return " ".join(
        ["-s -w", *(f"-X k8s.io/component-base/version.{key}={value}" for key, value in facts.items())]
    )
