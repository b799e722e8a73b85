"""Runs a kubeconfig's exec credential plugin (Kubernetes: client-go credential plugins).

Invariant: the plugin is never interactive and ends within its deadline; its output goes into the credential and
nowhere else.
"""

from __future__ import annotations

import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import orjson

from platz.errors import Rejected, Retryable
from platz.json import JsonObject, JsonValue
from platz.kube.credentials import ClientCertificate, Credential

_SECONDS = 30.0
_VERSIONS = ("client.authentication.k8s.io/v1", "client.authentication.k8s.io/v1beta1")


@dataclass(frozen=True, kw_only=True)
class ExecPlugin:
    """A command that prints an ExecCredential."""

    command: str
    arguments: tuple[str, ...]
    api_version: str
    folder: Path
    environment: Mapping[str, str] = field(repr=False)

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
            raise Rejected(
                f"The credential plugin {self.command} cannot be started: {error.strerror}."
            ) from error
        if ended.returncode != 0:
            raise Retryable(f"The credential plugin {self.command} failed with exit code {ended.returncode}.")
        return self._parsed(ended.stdout)

    def _program(self) -> str:
        """Return the program: relative to the kubeconfig if the command has a slash, else for a search in PATH."""
        return str(self.folder / self.command) if "/" in self.command else self.command

    def _request(self) -> str:
        return orjson.dumps(
            {"apiVersion": self.api_version, "kind": "ExecCredential", "spec": {"interactive": False}}
        ).decode()

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


def plugin_from_entry(entry: JsonObject, *, folder: Path, environment: Mapping[str, str]) -> ExecPlugin:
    """Read the `exec` entry of a kubeconfig's user. Raises `Rejected` when it is incomplete."""
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
    )


def _list(value: JsonValue) -> list[JsonValue]:
    return value if isinstance(value, list) else []
