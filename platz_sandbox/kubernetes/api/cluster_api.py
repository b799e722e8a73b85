"""One cluster's API: from a request to a response or a stream.

Invariant: a request is processed, up to its response or the start of its stream, without yielding to the event loop,
so each request sees and leaves a consistent state.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from typing import Any

import orjson

from platz_sandbox.kubernetes.api import api_discovery, openapi_documents, pod_logs
from platz_sandbox.kubernetes.api.api_requests import (
    Accepted,
    Target,
    Verb,
    accepted,
    find_target,
    parse_body,
    parse_object,
    verb_of,
)
from platz_sandbox.kubernetes.api.http_exchange import Answer, Stream
from platz_sandbox.kubernetes.api.listing import read_page, refuse_future_version
from platz_sandbox.kubernetes.api.object_forms import render_list, renderer
from platz_sandbox.kubernetes.api.reviews import review, token_request
from platz_sandbox.kubernetes.api.scale import applied_scale, scale_of, scaling
from platz_sandbox.kubernetes.api.watching import ChangeSignals, read_wanted, watch
from platz_sandbox.kubernetes.api.write_options import write_options
from platz_sandbox.kubernetes.objects.managed_fields import APPLY
from platz_sandbox.kubernetes.objects.object_store import Cluster
from platz_sandbox.kubernetes.objects.patches import json_patch, merge_patch
from platz_sandbox.kubernetes.objects.raw_documents import KubeObject, is_object, part
from platz_sandbox.kubernetes.objects.selectors import matcher
from platz_sandbox.kubernetes.objects.shapes import Shape, named_shape, shape_of
from platz_sandbox.kubernetes.objects.status_errors import (
    ApiError,
    bad_request,
    method_not_allowed,
    path_not_found,
    success,
)
from platz_sandbox.kubernetes.objects.stored import Stored
from platz_sandbox.kubernetes.objects.strategic_patch import strategic_patch
from platz_sandbox.kubernetes.writes.deleting import delete, read_options
from platz_sandbox.kubernetes.writes.write_path import Write, Writing

JSON_PATCH = "application/json-patch+json"
MERGE_PATCH = "application/merge-patch+json"
STRATEGIC_PATCH = "application/strategic-merge-patch+json"
APPLY_PATCH = "application/apply-patch+yaml"
_SHOWN_AFTER_DELETION = frozenset({
    "services", "serviceaccounts", "persistentvolumeclaims", "persistentvolumes", "resourcequotas", "pods",
    "podtemplates",
})  # fmt: skip
"""Kinds whose deletion is answered with the object that was deleted, not with a Status."""


class Call:
    """One request to the API."""

    def __init__(
        self, *, method: str, path: str, query: dict[str, str], headers: dict[str, str], body: bytes
    ) -> None:
        self.method = method
        self.path = path
        self.query = query
        self.body = body
        self.content_type = headers.get("content-type", "application/json").split(";", 1)[0].strip()
        self.accept = headers.get("accept", "")
        self.agent = headers.get("user-agent", "")

    @property
    def form(self) -> Accepted:
        """The form that the client wants objects in."""
        return accepted(self.accept)


class ClusterApi:
    """The API of one cluster."""

    def __init__(
        self, cluster: Cluster, signals: ChangeSignals, accept_token: Callable[[str, float | None], None]
    ) -> None:
        self.cluster = cluster
        self._accept_token = accept_token
        self._signals = signals
        self._writing = Writing(cluster)
        self._verbs: dict[Verb, Callable[[Call, Target], Answer | Stream]] = {
            Verb.GET: self._get,
            Verb.LIST: self._list,
            Verb.WATCH: self._watch,
            Verb.CREATE: self._create,
            Verb.UPDATE: self._update,
            Verb.PATCH: self._patch,
            Verb.DELETE: self._delete,
            Verb.DELETE_COLLECTION: self._delete_collection,
        }

    def verb(self, method: str, path: str, query: dict[str, str]) -> str:
        """Return the verb of a request as fault switches name it; the lower-case method when there is none."""
        try:
            return verb_of(method, find_target(self.cluster.kinds, path), query).value
        except ApiError:
            return method.lower()

    def answer(self, call: Call) -> Answer | Stream:
        """Process a request, and return its response or stream; raise `ApiError` for a refusal."""
        about = self._about_the_server(call)
        if about is not None:
            if call.method != "GET":
                raise method_not_allowed(call.method)
            return about
        reviewed = review(call.path) if call.method == "POST" else None
        if reviewed is not None:
            return _json(reviewed, status=201)
        target = find_target(self.cluster.kinds, call.path)
        return self._verbs[verb_of(call.method, target, call.query)](call, target)

    def _about_the_server(self, call: Call) -> Answer | None:
        kinds = self.cluster.kinds
        match call.path.strip("/").split("/"):
            case [""]:
                return _json(api_discovery.paths(kinds))
            case ["version"]:
                return _json(api_discovery.VERSION)
            case ["healthz" | "livez" | "readyz"]:
                return Answer(body=b"ok", content_type="text/plain")
            case ["api" | "apis" as root]:
                return self._roots(call, root)
            case ["api", "v1"]:
                return _json(api_discovery.api_resources(kinds, "", "v1"))
            case ["apis", group]:
                return _json(api_discovery.api_group(kinds, group))
            case ["apis", group, version]:
                return _json(api_discovery.api_resources(kinds, group, version))
            case ["openapi", "v2"]:
                return self._openapi_v2(call)
            case ["openapi", "v3"]:
                return _json(openapi_documents.index(kinds))
            case ["openapi", "v3", "api", version]:
                return _bytes(openapi_documents.v3(kinds, "", version))
            case ["openapi", "v3", "apis", group, version]:
                return _bytes(openapi_documents.v3(kinds, group, version))
            case _:
                return None

    def _roots(self, call: Call, root: str) -> Answer:
        if accepted(call.accept, discovery=True) is Accepted.DISCOVERY:
            body = api_discovery.aggregated(self.cluster.kinds, core=root == "api")
            named = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList"
            return Answer(body=orjson.dumps(body), content_type=named)
        return _json(
            api_discovery.api_versions() if root == "api" else api_discovery.api_groups(self.cluster.kinds)
        )

    def _openapi_v2(self, call: Call) -> Answer:
        if (
            openapi_documents.V2_PROTOBUF in call.accept
        ):  # asked when v3 did not know the kind: v2 does not know it either
            return Answer(body=openapi_documents.EMPTY_V2, content_type=openapi_documents.V2_PROTOBUF_TYPE)
        accepted(call.accept)
        return Answer(body=openapi_documents.v2(self.cluster.kinds))

    def _get(self, call: Call, target: Target) -> Answer | Stream:
        refuse_future_version(self.cluster, call.query)
        item = self._writing.existing(target.kind, target.space, target.object_name)
        match target.subresource:
            case "log":
                return self._log(call, item)
            case "scale":
                return _json(scale_of(item.document()))
            case _:
                return self._object(call, target, item)

    def _object(
        self, call: Call, target: Target, item: Stored, status: int = 200, how: Write | None = None
    ) -> Answer:
        render = renderer(target.kind, call.form, call.query.get("includeObject", ""))
        told = (
            {"warning": ", ".join(f'299 - "{_quoted(w)}"' for w in how.warnings)}
            if how and how.warnings
            else {}
        )
        return Answer(status=status, body=render(item), headers=told)

    def _log(self, call: Call, item: Stored) -> Answer | Stream:
        pod = item.document()
        wanted = call.query.get("container")
        lines = pod_logs.lines_of(pod, pod_logs.container_of(pod, wanted))
        if call.query.get("follow") != "true":
            return Answer(body=pod_logs.select(lines, call.query), content_type="text/plain")

        def read() -> KubeObject | None:
            found = self.cluster.by_uid(item.uid)
            return found.document() if found else None

        return Stream(chunks=pod_logs.follow(read, wanted, call.query), content_type="text/plain")

    def _list(self, call: Call, target: Target) -> Answer:
        page = read_page(self.cluster, target.kind, target.namespace, call.query)
        return Answer(body=render_list(page, target.kind, call.form, call.query.get("includeObject", "")))

    def _watch(self, call: Call, target: Target) -> Stream:
        labels, fields = call.query.get("labelSelector", ""), call.query.get("fieldSelector", "")
        wanted = read_wanted(
            target.kind,
            target.namespace,
            call.query,
            matches=matcher(target.kind.resource, labels=labels, fields=fields),
            render=renderer(target.kind, call.form, call.query.get("includeObject", "")),
        )
        return Stream(chunks=watch(self.cluster, self._signals, wanted))

    def _create(self, call: Call, target: Target) -> Answer:
        if target.subresource == "eviction":
            return self._evict(call, target)
        if target.subresource == "token":
            return self._issue_token(call, target)
        if target.subresource:
            raise method_not_allowed(call.method)
        if target.kind.namespaced and target.namespace is None:
            raise method_not_allowed(call.method)
        how = write_options(call.query, call.agent, target, "CreateOptions")
        document = parse_object(call.body, call.content_type)
        item = self._writing.create(target.kind, target.space, document, how)
        return self._object(call, target, item, 201, how)

    def _issue_token(self, call: Call, target: Target) -> Answer:
        account = self._writing.existing(target.kind, target.space, target.object_name)
        wanted = parse_object(call.body, call.content_type)
        token = secrets.token_urlsafe(32)
        asked = token_request(wanted, account, token)
        self._accept_token(token, asked["spec"]["expirationSeconds"])
        return _json(asked, status=201)

    def _evict(self, call: Call, target: Target) -> Answer:
        item = self._writing.existing(target.kind, target.space, target.object_name)
        options = part(parse_object(call.body, call.content_type), "deleteOptions")
        delete(self.cluster, target.kind, item, read_options(options, call.query))
        return _json({"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success"}, status=201)

    def _update(self, call: Call, target: Target) -> Answer:
        document = parse_object(call.body, call.content_type)
        return self._change(call, target, lambda _present: document)

    def _patch(self, call: Call, target: Target) -> Answer:
        patch = parse_body(call.body, call.content_type)
        if call.content_type == APPLY_PATCH:
            return self._apply(call, target, patch)
        shape = named_shape("V1Scale") if target.subresource == "scale" else shape_of(target.kind)
        if call.content_type == STRATEGIC_PATCH and target.kind.custom_schema is not None:
            raise _unsupported(call.content_type)
        return self._change(call, target, _patching(call.content_type, patch, shape))

    def _change(self, call: Call, target: Target, change: Callable[[KubeObject], KubeObject]) -> Answer:
        how = write_options(
            call.query, call.agent, target, "PatchOptions" if call.method == "PATCH" else "UpdateOptions"
        )
        scaled = target.subresource == "scale"
        wanted = scaling(change) if scaled else change
        item = self._writing.update(target.kind, target.space, target.object_name, wanted, how)
        return _json(scale_of(item.document())) if scaled else self._object(call, target, item, 200, how)

    def _apply(self, call: Call, target: Target, config: Any) -> Answer:
        if not is_object(config) or not config.get("kind"):
            raise bad_request("an apply patch is an object with apiVersion and kind")
        how = write_options(call.query, call.agent, target, "PatchOptions", APPLY)
        existed = self.cluster.get(target.kind.resource, target.space, target.object_name) is not None
        force = call.query.get("force") in {"true", "1"}
        scaled = target.subresource == "scale"
        wanted = applied_scale(config, target.kind) if scaled else config
        item = self._writing.apply(target.kind, target.space, target.object_name, wanted, how, force=force)
        if scaled:
            return _json(scale_of(item.document()))
        return self._object(call, target, item, 200 if existed else 201, how)

    def _delete(self, call: Call, target: Target) -> Answer:
        if target.subresource:
            raise method_not_allowed(call.method)
        item = self._writing.existing(target.kind, target.space, target.object_name)
        options = read_options(parse_object(call.body, call.content_type), call.query)
        last = delete(self.cluster, target.kind, item, options)
        waits = self.cluster.by_uid(item.uid) and not options.dry_run
        if waits or target.kind.resource in _SHOWN_AFTER_DELETION:
            return self._object(call, target, last)
        kind = target.kind
        return _json(success(kind=kind.plural, group=kind.group, name=item.name, uid=item.uid))

    def _delete_collection(self, call: Call, target: Target) -> Answer:
        options = read_options(parse_object(call.body, call.content_type), call.query)
        page = read_page(self.cluster, target.kind, target.namespace, call.query)
        for item in page.items:
            if self.cluster.by_uid(item.uid):
                delete(self.cluster, target.kind, item, options)
        return Answer(body=render_list(page, target.kind, call.form, ""))


def _patching(content_type: str, patch: Any, shape: Shape) -> Callable[[KubeObject], KubeObject]:
    match content_type:
        case "application/json-patch+json":
            return lambda document: json_patch(document, patch)
        case "application/merge-patch+json":
            return lambda document: merge_patch(document, patch)
        case "application/strategic-merge-patch+json":
            return lambda document: strategic_patch(document, patch, shape)
        case _:
            raise _unsupported(content_type)


def _unsupported(content_type: str) -> ApiError:
    told = f"{JSON_PATCH}, {MERGE_PATCH}, {STRATEGIC_PATCH}, {APPLY_PATCH}"
    message = (
        f"the body of the request was in an unknown format ({content_type}) - accepted media types: {told}"
    )
    return ApiError(code=415, reason="UnsupportedMediaType", message=message)


def _quoted(text: str) -> str:
    """Return a text for a quoted string in a header; characters that a header can't contain become `?`."""
    printable = "".join(letter if " " <= letter <= "~" else "?" for letter in text)
    return printable.replace("\\", "\\\\").replace('"', '\\"')


def _json(document: KubeObject | None, status: int = 200) -> Answer:
    if document is None:
        raise path_not_found()
    return Answer(status=status, body=orjson.dumps(document))


def _bytes(body: bytes | None) -> Answer:
    if body is None:
        raise path_not_found()
    return Answer(body=body)
