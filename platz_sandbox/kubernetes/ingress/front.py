"""The ingress stand-in's listener: finds the application of a request, and sends its response.

Invariant: an application's memory is on disk before its response is sent.
"""

from __future__ import annotations

import html
from collections.abc import Collection
from typing import Any

import orjson

from platz_sandbox.kubernetes.api.faults import Faults
from platz_sandbox.kubernetes.api.gateway import apply_fault
from platz_sandbox.kubernetes.api.http_exchange import Answer, Exchange
from platz_sandbox.kubernetes.ingress.applications import ActionFailed, Running, act, remember, status_of
from platz_sandbox.kubernetes.ingress.routing import Route, find_route
from platz_sandbox.kubernetes.objects.object_store import Cluster
from platz_sandbox.kubernetes.objects.raw_documents import KubeObject, annotation, dig, objects, seconds_since
from platz_sandbox.kubernetes.objects.status_errors import ApiError
from platz_sandbox.kubernetes.objects.storage import Storage

FAULT_CLUSTER = "ingress"  # the name under which fault switches reach this listener
_PREFIX = "sandbox.platz.io/"
_PAGE = """<!doctype html><html lang="en"><meta charset="utf-8"><title>{title}</title>
<body style="font: 16px/1.5 system-ui; max-width: 40rem; margin: 4rem auto">
<h1>{title}</h1><p>{text}</p><p><small>{image} in {namespace} on {cluster}: {pods} ready</small></p></body></html>
"""
_TITLES = ("SHOP_NAME", "STORE_TITLE", "GUESTBOOK_TITLE")


class IngressFront:
    """The handler of all host names of the clusters' Ingress objects."""

    def __init__(self, clusters: Collection[Cluster], storage: Storage, faults: Faults) -> None:
        self._clusters = clusters
        self._storage = storage
        self._faults = faults

    async def serve(self, exchange: Exchange) -> None:
        """Respond to one request."""
        host = exchange.headers.get("host", "").rsplit(":", 1)[0].lower()
        try:
            verb, path = exchange.method.lower(), host + exchange.path
            for fault in self._faults.hitting(FAULT_CLUSTER, verb, path):
                await apply_fault(exchange, fault, verb=verb, path=path)
            body = await exchange.body()
        except ApiError as error:
            await exchange.answer(_text(error.code, error.message))
            return
        route = find_route(self._clusters, host, exchange.path)
        if route is None:
            await exchange.answer(_text(404, "default backend - 404"))
        elif not route.pods:
            await exchange.answer(_text(503, "Service Temporarily Unavailable"))
        else:
            await exchange.answer(self._application(route, exchange.method, exchange.path, body))

    def _application(self, route: Route, method: str, path: str, body: bytes) -> Answer:
        pod = min(route.pods, key=lambda p: p.name).document()
        running = self._running(route, pod)
        match path.strip("/").split("/"):
            case [""]:
                return _page(route, running)
            case ["status"] if annotation(pod, _PREFIX + "status-fails") == "true":
                return _text(500, "The application can't tell its status.")
            case ["status"] if method in {"GET", "HEAD"} and (status := status_of(running)):
                return _json(status)
            case ["actions", name]:
                return self._act(route, running, name, body)
            case ["resources", *_]:
                return self._remember(route, running, method, path, body)
            case _:
                return _text(404, "Not Found")

    def _running(self, route: Route, pod: KubeObject) -> Running:
        container = objects(pod, "spec", "containers")[0]
        variables = {str(v.get("name")): str(v.get("value") or "") for v in objects(container, "env")}
        application = annotation(pod, _PREFIX + "app") or ""
        remembered = self._storage.application_state(route.cluster.name, route.namespace, application)
        started = [dig(p.document(), "status", "startTime") for p in route.pods]
        return Running(
            application=application,
            image=str(container.get("image")),
            pods=len(route.pods),
            environment=variables,
            seconds=max(seconds_since(start) for start in started),
            memory=orjson.loads(remembered) if remembered else {},
        )

    def _save(self, route: Route, running: Running) -> None:
        value = orjson.dumps(running.memory)
        self._storage.save_application_state(route.cluster.name, route.namespace, running.application, value)

    def _act(self, route: Route, running: Running, name: str, body: bytes) -> Answer:
        try:
            told = act(running, name, orjson.loads(body) if body else {})
        except orjson.JSONDecodeError:
            return _json({"message": "The body is not JSON"}, 400)
        except ActionFailed as error:
            return _json({"message": str(error)}, 500)
        self._save(route, running)
        return _json({"message": told})

    def _remember(self, route: Route, running: Running, method: str, path: str, body: bytes) -> Answer:
        if method == "GET":
            return _json(running.memory.get("resources", {}).get(path, {}))
        try:
            remember(running, method, path, orjson.loads(body) if body else None)
        except orjson.JSONDecodeError:
            return _json({"message": "The body is not JSON"}, 400)
        self._save(route, running)
        return _json({"message": "remembered"})


def _page(route: Route, running: Running) -> Answer:
    title = next(
        (running.environment[name] for name in _TITLES if running.environment.get(name)), running.application
    )
    status = status_of(running)
    text = status["status"]["name"] if status else "It is up."
    page = _PAGE.format(
        title=html.escape(title or route.service), text=html.escape(str(text)), image=html.escape(running.image),
        namespace=html.escape(route.namespace), cluster=html.escape(route.cluster.name), pods=running.pods,
    )  # fmt: skip
    return Answer(body=page.encode(), content_type="text/html; charset=utf-8")


def _json(document: Any, status: int = 200) -> Answer:
    return Answer(status=status, body=orjson.dumps(document))


def _text(status: int, text: str) -> Answer:
    return Answer(status=status, body=text.encode() + b"\n", content_type="text/plain")
