"""The client of the simulator's control endpoint, for tests and for manual experiments with failures.

Invariant: `fault(...)` switches its fault off when the block ends, also by an exception.
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
    """How often a cluster received a request since the start or the last reset."""

    cluster: str
    verb: str
    path: str
    count: int


class Control:
    """The client of one running simulator."""

    def __init__(self, *, url: str, token: str, ca: str) -> None:
        """Take ``ca``, the path of the certificate authority's PEM file."""
        self._url = url
        self._token = token
        self._tls = ssl.create_default_context(cafile=ca)

    @classmethod
    def of(cls, facts: Mapping[str, Any]) -> Control:
        """Return the client of the simulator that announced these facts."""
        return cls(url=facts["control"], token=facts["control_token"], ca=facts["ca"])

    @classmethod
    def of_folder(cls, folder: Path) -> Control:
        """Return the client of the simulator whose data folder is ``folder`` (`.platz/kubernetes` with `make run`)."""
        return cls.of(orjson.loads((folder / CONTROL_FILE).read_bytes()))

    def switch_on(self, action: Action | str, **options: Any) -> int:
        """Switch a fault on and return its number.

        ``options`` are those of `faults.Fault`: cluster, verb (`get list watch create update patch delete
        deletecollection`), path (a regular expression), count, seconds, code, retry_after (seconds), after_bytes,
        per_second. Faults of the ingress stand-in have cluster `ingress`, the HTTP method in lower case as verb, and
        `HOST/PATH` as path.
        """
        named = action.value if isinstance(action, Action) else action
        return int(self._call("POST", "faults", {"action": named, **options})["id"])

    def switch_off(self, fault: int | None = None) -> None:
        """Switch one fault off, or all when ``fault`` is None."""
        self._call("DELETE", "faults" if fault is None else f"faults/{fault}")

    @contextlib.contextmanager
    def fault(self, action: Action | str, **options: Any) -> Generator[int, None, None]:
        """Keep a fault switched on inside a `with` block."""
        number = self.switch_on(action, **options)
        try:
            yield number
        finally:
            self.switch_off(number)

    def faults(self) -> list[dict[str, Any]]:
        """Return the faults that are switched on."""
        return self._call("GET", "faults")

    def new_token(self, cluster: str, *, token: str | None = None, seconds: float | None = None) -> str:
        """Make the cluster accept one more bearer token, for ``seconds`` or forever; return it."""
        return str(
            self._call("POST", "tokens", {"cluster": cluster, "token": token, "seconds": seconds})["token"]
        )

    def revoke_token(self, cluster: str, token: str) -> None:
        """Make the cluster reject a token from now on."""
        self._call("DELETE", "tokens", {"cluster": cluster, "token": token})

    def compact(self, cluster: str) -> None:
        """Make the cluster forget its history, so that a watch from an older version gets 410."""
        self._call("POST", "compact", {"cluster": cluster})

    def requests(self) -> list[RequestCount]:
        """Return how often each request was made since the start or the last reset."""
        return [RequestCount(**entry) for entry in self._call("GET", "requests")]

    def forget_requests(self) -> None:
        """Reset the counts of requests."""
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
