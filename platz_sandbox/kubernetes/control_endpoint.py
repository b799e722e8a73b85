"""The control endpoint: fault switches, tokens, history, and counts of requests.

Invariant: every request needs the control token, which is only in the announcement and in a file of the simulator's
folder that its owner alone may read.
"""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Mapping
from typing import Any

import orjson

from platz.errors import NotFound, PlatzError, Rejected
from platz_sandbox.kubernetes.api.faults import Faults
from platz_sandbox.kubernetes.api.gateway import Gateway, Tokens
from platz_sandbox.kubernetes.api.http_exchange import Answer, Exchange
from platz_sandbox.kubernetes.objects.object_store import Cluster
from platz_sandbox.kubernetes.objects.raw_documents import is_object


class ControlEndpoint:
    """The handler of `/control/...`."""

    def __init__(
        self, *, token: str, faults: Faults, tokens: Tokens, clusters: Mapping[str, Cluster], gateway: Gateway
    ) -> None:
        self._token = token
        self._faults = faults
        self._tokens = tokens
        self._clusters = clusters
        self._gateway = gateway

    async def serve(self, exchange: Exchange) -> None:
        """Respond to one request."""
        given = exchange.headers.get("authorization", "").removeprefix("Bearer ")
        if not hmac.compare_digest(given.encode(), self._token.encode()):
            await exchange.answer(_told(401, "The control token is missing or wrong."))
            return
        try:
            body = await exchange.body()
            document: Any = orjson.loads(body) if body else {}
            if not is_object(document):
                raise Rejected("The body is not a JSON object.")
            answer = self._answer(exchange.method, exchange.path.strip("/").split("/")[1:], document)
        except orjson.JSONDecodeError as error:
            answer = _told(400, f"The body is not JSON: {error}")
        except NotFound as error:
            answer = _told(404, error.message)
        except PlatzError as error:
            answer = _told(400, error.message)
        await exchange.answer(answer)

    def _answer(self, method: str, path: list[str], document: dict[str, Any]) -> Answer:
        match method, path:
            case "GET", ["faults"]:
                return _json([fault.document() for fault in self._faults])
            case "POST", ["faults"]:
                return _json(self._faults.switch_on(document).document(), 201)
            case "DELETE", ["faults"]:
                self._faults.switch_off()
            case "DELETE", ["faults", number] if number.isdigit():
                self._faults.switch_off(int(number))
            case "POST", ["tokens"]:
                return self._new_token(document)
            case "DELETE", ["tokens"]:
                self._tokens.revoke(self._cluster(document).name, str(document.get("token", "")))
            case "POST", ["compact"]:
                self._cluster(document).compact()
            case "GET", ["requests"]:
                counted = self._gateway.requests.items()
                return _json([{"cluster": c, "verb": v, "path": p, "count": n} for (c, v, p), n in counted])
            case "DELETE", ["requests"]:
                self._gateway.requests.clear()
            case _:
                raise NotFound("The control endpoint knows no such call.")
        return _json({})

    def _new_token(self, document: dict[str, Any]) -> Answer:
        token, seconds = document.get("token") or secrets.token_urlsafe(24), document.get("seconds")
        if not isinstance(token, str) or not isinstance(seconds, int | float | None):
            raise Rejected("A token is text, and lives a number of seconds or for ever.")
        self._tokens.add(self._cluster(document).name, token, seconds)
        return _json({"token": token}, 201)

    def _cluster(self, document: dict[str, Any]) -> Cluster:
        cluster = self._clusters.get(str(document.get("cluster")))
        if cluster is None:
            raise Rejected(f"There is no cluster {document.get('cluster')!r}.", field="cluster")
        return cluster


def _json(document: Any, status: int = 200) -> Answer:
    return Answer(status=status, body=orjson.dumps(document))


def _told(status: int, message: str) -> Answer:
    return _json({"message": message}, status)
