"""Reads one cluster from kubeconfig files.

Invariant: relative references are resolved against the file that holds them; several files are merged by kubectl's
rule (the first file that sets a name, or the current context, wins). Certificates and keys are read at once;
only a token file is read again later.

Source: docs/contract/workers.md, "A cluster from a kubeconfig".
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import cast

import yaml

from platz.errors import Rejected
from platz.json import JsonObject, JsonValue
from platz.kube.cluster_access import ClusterAccess
from platz.kube.cluster_identity import ClusterIdentity, kubeconfig_identity
from platz.kube.credentials import (
    ClientCertificate,
    Credential,
    CredentialSource,
    FixedCredential,
    RenewedCredential,
)
from platz.kube.exec_plugin import ExecPlugin, plugin_from_entry

_PLUGIN_EXTENSION = "client.authentication.k8s.io/exec"
_TOKEN_FILE_REREAD = timedelta(minutes=1)


@dataclass(frozen=True, kw_only=True)
class KubeconfigChoice:
    """The settings that say which files to read and which context to use.

    ``file`` is PLATZ_LOCAL_KUBECONFIG, ``path_list`` is KUBECONFIG, ``context`` is PLATZ_LOCAL_CONTEXT.
    """

    home: Path
    file: Path | None = None
    path_list: str | None = None
    context: str | None = None

    def files(self) -> Sequence[Path]:
        """Return the files to read, in order of precedence."""
        if self.file is not None:
            return [self.file]
        if self.path_list:
            return [Path(part) for part in self.path_list.split(":") if part]
        return [self.home / ".kube" / "config"]


@dataclass(frozen=True, kw_only=True)
class _Entry:
    """A named entry of a kubeconfig, with the folder that its relative references start from."""

    content: Mapping[str, object]
    folder: Path


def access_from_kubeconfig(choice: KubeconfigChoice, *, environment: Mapping[str, str]) -> ClusterAccess:
    """Return the access to the cluster of the chosen context, named like the context.

    ``environment`` is the environment of an exec plugin. Raises `Rejected` with the file and the problem.
    """
    merged = _Merged()
    for path in _existing(choice):
        merged.add(path)
    context_name = choice.context or merged.current_context
    if not context_name:
        raise Rejected(f"{_names(choice)} sets no current-context; name one with PLATZ_LOCAL_CONTEXT.")
    context = merged.entry("context", context_name)
    cluster = merged.entry("cluster", _text(context, "cluster"))
    user_name = _text(context, "user")
    user = merged.entry("user", user_name) if user_name else _Entry(content={}, folder=choice.home)
    access = _access(context_name, cluster, user, environment)
    return replace(access, identity=_identity(user_name, user)) if user_name else access


def _existing(choice: KubeconfigChoice) -> Sequence[Path]:
    """Return the files that exist; raise `Rejected` if none does. kubectl skips missing ones, too."""
    files = [path for path in choice.files() if path.is_file()]
    if not files:
        raise Rejected(f"There is no kubeconfig at {_names(choice)}.")
    return files


def _names(choice: KubeconfigChoice) -> str:
    return ", ".join(str(path) for path in choice.files())


class _Merged:
    """The entries of all files by kind and name; the first of a name wins."""

    def __init__(self) -> None:
        self.current_context = ""
        self._entries: dict[tuple[str, str], _Entry] = {}

    def add(self, path: Path) -> None:
        document = _read_yaml(path)
        current = document.get("current-context")
        if not self.current_context and isinstance(current, str):
            self.current_context = current
        for kind in ("context", "cluster", "user"):
            listed = document.get(f"{kind}s")
            for item in cast("list[object]", listed) if isinstance(listed, list) else []:
                self._add_entry(kind, item, path)

    def _add_entry(self, kind: str, item: object, path: Path) -> None:
        entry = _mapping(item)
        name = entry.get("name")
        if not isinstance(name, str):
            raise Rejected(f"{path} has a {kind} without a name.")
        folder = path.absolute().parent
        self._entries.setdefault((kind, name), _Entry(content=_mapping(entry.get(kind)), folder=folder))

    def entry(self, kind: str, name: str) -> _Entry:
        found = self._entries.get((kind, name))
        if found is None:
            raise Rejected(f"The kubeconfig has no {kind} named {name!r}.")
        return found


def _read_yaml(path: Path) -> Mapping[str, object]:
    try:
        document: object = yaml.load(path.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)
    except (yaml.YAMLError, ValueError) as error:  # ValueError: no UTF-8, or a date that does not exist
        raise Rejected(f"{path} is not a kubeconfig: it is not valid YAML.") from error
    except OSError as error:
        raise Rejected(f"{path} cannot be read: {error.strerror}.") from error
    if document is None:
        return {}
    if not isinstance(document, dict):
        raise Rejected(f"{path} is not a kubeconfig.")
    return cast("dict[str, object]", document)


def _access(name: str, cluster: _Entry, user: _Entry, environment: Mapping[str, str]) -> ClusterAccess:
    server = _text(cluster, "server")
    if not server.startswith(("https://", "http://")):
        raise Rejected(f"The cluster of context {name!r} has no usable server address.")
    verify = cluster.content.get("insecure-skip-tls-verify") is not True
    return ClusterAccess(
        name=name,
        server=server.rstrip("/"),
        credentials=_credentials(user, environment, cluster),
        ca=_data(cluster, "certificate-authority") if verify else None,
        verify=verify,
        tls_server_name=_text(cluster, "tls-server-name") or None,
        proxy_url=_text(cluster, "proxy-url") or None,
    )


def _identity(name: str, user: _Entry) -> ClusterIdentity:
    plugin = user.content.get("exec")
    command = cast("JsonObject", plugin).get("command") if isinstance(plugin, dict) else None
    return kubeconfig_identity(name, plugin=command if isinstance(command, str) else None)


def _credentials(user: _Entry, environment: Mapping[str, str], cluster: _Entry) -> CredentialSource:
    for unsupported in ("auth-provider", "username"):
        if user.content.get(unsupported):
            raise Rejected(f"Clusters no longer accept {unsupported!r}; use exec, a token or a certificate.")
    plugin_entry = user.content.get("exec")
    if isinstance(plugin_entry, dict):
        plugin: ExecPlugin = plugin_from_entry(
            cast("JsonObject", plugin_entry),
            folder=user.folder,
            environment=environment,
            cluster=_cluster_for_plugin(cluster),
        )
        return RenewedCredential(plugin.credential, origin=plugin)
    certificate = _certificate(user)
    token = _text(user, "token")
    token_file = _text(user, "tokenFile")
    if token_file and not token:
        path = user.folder / token_file
        return RenewedCredential(lambda: _from_token_file(path, certificate), origin=(path, certificate))
    return FixedCredential(credential=Credential(token=token or None, certificate=certificate))


def _cluster_for_plugin(cluster: _Entry) -> JsonObject:
    """Return the ExecCredential's `spec.cluster` (client-go credential plugins, "Provide cluster info")."""
    told: JsonObject = {
        key: value for key in ("server", "tls-server-name", "proxy-url") if (value := _text(cluster, key))
    }
    if cluster.content.get("insecure-skip-tls-verify") is True:
        told["insecure-skip-tls-verify"] = True
    elif (ca := _data(cluster, "certificate-authority")) is not None:
        told["certificate-authority-data"] = base64.b64encode(ca).decode("ascii")
    extensions = cluster.content.get("extensions")
    for extension in cast("list[object]", extensions) if isinstance(extensions, list) else []:
        named = _mapping(extension)
        if named.get("name") == _PLUGIN_EXTENSION:
            told["config"] = cast("JsonValue", named.get("extension"))
    return told


def _from_token_file(path: Path, certificate: ClientCertificate | None) -> Credential:
    """Read the token, to be read again after a minute as client-go does: projected tokens are replaced on disk."""
    try:
        token = path.read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise Rejected(f"The token file {path} of the kubeconfig cannot be read.") from error
    expires = datetime.now(UTC) + _TOKEN_FILE_REREAD * 2
    return Credential(token=token, certificate=certificate, expires_at=expires)


def _certificate(user: _Entry) -> ClientCertificate | None:
    certificate, key = _data(user, "client-certificate"), _data(user, "client-key")
    if certificate is None or key is None:
        return None
    return ClientCertificate(certificate=certificate, key=key)


def _data(entry: _Entry, key: str) -> bytes | None:
    """Return the PEM bytes from `<key>-data` (base64), or from the file that `<key>` names."""
    inline, reference = _text(entry, f"{key}-data"), _text(entry, key)
    try:
        if inline:
            return base64.b64decode(inline, validate=True)
        if reference:
            return (entry.folder / reference).read_bytes()
    except binascii.Error as error:
        raise Rejected(f"The kubeconfig's {key}-data is not base64.") from error
    except OSError as error:
        raise Rejected(f"The kubeconfig's {key} file {entry.folder / reference} cannot be read.") from error
    return None


def _mapping(value: object) -> Mapping[str, object]:
    return cast("dict[str, object]", value) if isinstance(value, dict) else {}


def _text(entry: _Entry, key: str) -> str:
    value = entry.content.get(key)
    return value if isinstance(value, str) else ""
