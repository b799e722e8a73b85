"""The client of the simulator's control endpoint, for tests and for trying out failures by hand.

Invariant: `fault(...)` switches off again what it switched on, whatever happens in between.
"""

from __future__ import annotations

import contextlib
import ssl
import urllib.error
import urllib.request
from collections.abc import Generator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from platz.errors import Rejected
from platz_sandbox.kubernetes.api.faults import Action

CONTROL_FILE = "control.json"


@dataclass(frozen=True, kw_only=True)
class RequestCount:
    """How often something was asked of a cluster since the start or the last reset."""

    cluster: str
    verb: str
    path: str
    count: int


class Control:
    """Speaks to one running simulator."""

    def __init__(self, *, url: str, token: str, ca: str) -> None:
        """``ca`` is the path of the authority's PEM file."""
        self._url = url
        self._token = token
        self._tls = ssl.create_default_context(cafile=ca)

    @classmethod
    def of(cls, facts: Mapping[str, Any]) -> Control:
        """Return the client for what the simulator announced."""
        return cls(url=facts["control"], token=facts["control_token"], ca=facts["ca"])

    @classmethod
    def of_folder(cls, folder: Path) -> Control:
        """Return the client for the simulator that works in ``folder``, `.platz/kubernetes` with `make run`."""
        return cls.of(orjson.loads((folder / CONTROL_FILE).read_bytes()))

    def switch_on(self, action: Action | str, **options: Any) -> int:
        """Switch a fault on and return its number.

        ``options`` are those of `faults.Fault`: cluster, verb (`get list watch create update patch delete`), path (a
        regular expression), count, seconds, code, retry_after (seconds), after_bytes, per_second. Faults of the ingress
        stand-in have cluster `ingress`, the HTTP method in lower case as verb, and `HOST/PATH` as path.
        """
        named = action.value if isinstance(action, Action) else action
        return int(self._call("POST", "faults", {"action": named, **options})["id"])

    def switch_off(self, fault: int | None = None) -> None:
        """Switch one fault off, or all."""
        self._call("DELETE", "faults" if fault is None else f"faults/{fault}")

    @contextlib.contextmanager
    def fault(self, action: Action | str, **options: Any) -> Generator[int, None, None]:
        """Have a fault on inside a `with` block."""
        number = self.switch_on(action, **options)
        try:
            yield number
        finally:
            self.switch_off(number)

    def faults(self) -> list[dict[str, Any]]:
        """Return the faults that are on."""
        return self._call("GET", "faults")

    def new_token(self, cluster: str, *, token: str | None = None, seconds: float | None = None) -> str:
        """Make the cluster accept one more bearer token, for that many seconds or for ever; return it."""
        return str(
            self._call("POST", "tokens", {"cluster": cluster, "token": token, "seconds": seconds})["token"]
        )

    def revoke_token(self, cluster: str, token: str) -> None:
        """Make the cluster refuse a token from now on."""
        self._call("DELETE", "tokens", {"cluster": cluster, "token": token})

    def compact(self, cluster: str) -> None:
        """Make the cluster forget its history, so that watches from an older version get 410."""
        self._call("POST", "compact", {"cluster": cluster})

    def requests(self) -> list[RequestCount]:
        """Return what was asked of the clusters so far."""
        return [RequestCount(**entry) for entry in self._call("GET", "requests")]

    def forget_requests(self) -> None:
        """Start counting requests anew."""
        self._call("DELETE", "requests")

    def _call(self, method: str, path: str, document: Mapping[str, Any] | None = None) -> Any:
        request = urllib.request.Request(  # noqa: S310 - the address is the simulator's own
            f"{self._url}/{path}",
            method=method,
            data=orjson.dumps(document) if document is not None else None,
            headers={"authorization": f"Bearer {self._token}", "content-type": "application/json"},
        )
        try:
            with urllib.request.urlopen(request, context=self._tls, timeout=10) as answer:  # noqa: S310 - as above
                return orjson.loads(answer.read())
        except urllib.error.HTTPError as error:
            with error:
                raise Rejected(f"The simulator refused: {error.read().decode()}") from error
