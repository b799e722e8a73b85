"""Runs a kubeconfig's exec credential plugin (Kubernetes: client-go credential plugins).

Invariant: the plugin is never interactive and ends within its deadline. Its output goes into the credential and nowhere
else; of what it writes to standard error, the last line is told, without what looks like a secret.
"""

from __future__ import annotations

import re
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import orjson

from platz.errors import Rejected, Retryable
from platz.json import JsonObject, JsonValue
from platz.kube.credentials import ClientCertificate, Credential

_SECONDS = 30.0
_MASK = "[secret]"
_SHORTEST_SECRET = 6
_MAX_LAST_WORDS = 300
_LIKE_A_SECRET = re.compile(r"[A-Za-z0-9+/=_.\-]{32,}|\b(?:AKIA|ASIA)[A-Z0-9]{16}\b|(?<=://)[^/@\s]+(?=@)")
_CONTROL = re.compile(r"\x1b\[[0-?]*[ -/]*[@-~]|[\x00-\x1f\x7f-\x9f]")
_VERSIONS = ("client.authentication.k8s.io/v1", "client.authentication.k8s.io/v1beta1")


@dataclass(frozen=True, kw_only=True)
class ExecPlugin:
    """A command that prints an ExecCredential.

    ``environment`` is the whole environment of the command, ``secrets`` the values in it that the kubeconfig set.
    ``cluster`` is told to a plugin that asks for it (`provideClusterInfo`); ``install_hint`` to the user.
    """

    command: str
    arguments: tuple[str, ...]
    api_version: str
    folder: Path
    environment: Mapping[str, str] = field(repr=False)
    secrets: Sequence[str] = field(default=(), repr=False)
    cluster: JsonObject | None = None
    install_hint: str = ""

    def credential(self) -> Credential:
        """Run the plugin. Raises `Retryable` when it fails, `Rejected` when its answer makes no sense."""
        try:
            ended = subprocess.run(
                [self._program(), *self.arguments],
                stdin=subprocess.DEVNULL,
                capture_output=True,
                timeout=_SECONDS,
                env={**self.environment, "KUBERNETES_EXEC_INFO": self._request()},
                check=False,
            )
        except subprocess.TimeoutExpired as error:
            raise Retryable(f"The credential plugin {self.command} took over {_SECONDS:.0f} s.") from error
        except OSError as error:
            hint = f" {self.install_hint}" if self.install_hint else ""
            raise Rejected(
                f"The credential plugin {self.command} cannot be started: {error.strerror}.{hint}"
            ) from error
        if ended.returncode != 0:
            said = self._last_words(ended.stderr)
            raise Retryable(
                f"The credential plugin {self.command} failed with exit code {ended.returncode}"
                + (f": {said}" if said else ".")
            )
        return self._parsed(ended.stdout)

    def _last_words(self, error_output: bytes) -> str:
        """Return the last line of standard error, bounded and without secrets."""
        lines = [
            _CONTROL.sub(" ", line).strip() for line in error_output.decode(errors="replace").splitlines()
        ]
        last = next((line for line in reversed(lines) if line), "")
        for secret in sorted(self.secrets, key=len, reverse=True):
            last = last.replace(secret, _MASK)
        return _LIKE_A_SECRET.sub(_MASK, last)[:_MAX_LAST_WORDS]

    def _program(self) -> str:
        """Return the program: relative to the kubeconfig if the command has a slash, else for a search in PATH."""
        return str(self.folder / self.command) if "/" in self.command else self.command

    def _request(self) -> str:
        spec: JsonObject = {"interactive": False}
        if self.cluster is not None:
            spec["cluster"] = self.cluster
        request: JsonObject = {"apiVersion": self.api_version, "kind": "ExecCredential", "spec": spec}
        return orjson.dumps(request, default=str).decode()

    def _parsed(self, output: bytes) -> Credential:
        try:
            answer: JsonValue = orjson.loads(output)
        except orjson.JSONDecodeError as error:
            raise Rejected(f"The credential plugin {self.command} did not print JSON.") from error
        match answer:
            case {"apiVersion": self.api_version, "status": dict(status)}:
                return self._credential(status)
            case _:
                raise Rejected(
                    f"The credential plugin {self.command} did not print a {self.api_version} credential."
                )

    def _credential(self, status: JsonObject) -> Credential:
        token = status.get("token")
        certificate, key = status.get("clientCertificateData"), status.get("clientKeyData")
        pair = (
            ClientCertificate(certificate=certificate.encode(), key=key.encode())
            if isinstance(certificate, str) and isinstance(key, str)
            else None
        )
        return Credential(
            token=token if isinstance(token, str) else None,
            certificate=pair,
            expires_at=self._moment(status.get("expirationTimestamp")),
        )

    def _moment(self, text: JsonValue) -> datetime | None:
        """Read an RFC 3339 time; one without a zone is in UTC."""
        if not isinstance(text, str):
            return None
        try:
            moment = datetime.fromisoformat(text)
        except ValueError as error:
            raise Rejected(
                f"The credential plugin {self.command} printed an expirationTimestamp that is no time."
            ) from error
        return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def plugin_from_entry(
    entry: JsonObject,
    *,
    folder: Path,
    environment: Mapping[str, str],
    cluster: JsonObject | None = None,
) -> ExecPlugin:
    """Read the `exec` entry of a kubeconfig's user. Raises `Rejected` when it is incomplete.

    ``cluster`` is the ExecCredential's `spec.cluster`, for a plugin that asks for it.
    """
    match entry:
        case {"command": str(command), "apiVersion": str(api_version)} if api_version in _VERSIONS:
            arguments = tuple(str(argument) for argument in _list(entry.get("args")))
        case _:
            raise Rejected("The kubeconfig's exec plugin needs a command and a known apiVersion.")
    extra = {
        str(item["name"]): str(item.get("value", ""))
        for item in _list(entry.get("env"))
        if isinstance(item, dict) and "name" in item
    }
    return ExecPlugin(
        command=command,
        arguments=arguments,
        api_version=api_version,
        folder=folder,
        environment={**environment, **extra},
        secrets=tuple(value for value in extra.values() if len(value) >= _SHORTEST_SECRET),
        cluster=cluster if entry.get("provideClusterInfo") is True else None,
        install_hint=_one_line(entry.get("installHint")),
    )


def _one_line(value: JsonValue) -> str:
    return " ".join(value.split())[:_MAX_LAST_WORDS] if isinstance(value, str) else ""


def _list(value: JsonValue) -> list[JsonValue]:
    return value if isinstance(value, list) else []
