"""The rules of containers: ports, variables, mounts, resources, probes, hooks, security.

Source: Kubernetes API reference, Container.
"""

from __future__ import annotations

from decimal import Decimal

from platz_sandbox.kubernetes.objects.quantities import amount, canonical
from platz_sandbox.kubernetes.objects.raw_documents import dig, is_object, objects
from platz_sandbox.kubernetes.validation import formats
from platz_sandbox.kubernetes.validation.checks import (
    at_least,
    between,
    not_negative,
    one_of,
    only_one,
    port_number,
    port_or_name,
    required,
    text_of,
    unset,
)
from platz_sandbox.kubernetes.validation.places import Causes, Place
from platz_sandbox.kubernetes.validation.tables import Check, row, table

_FIELDS = ("metadata.name", "metadata.namespace", "metadata.uid", "spec.nodeName", "spec.serviceAccountName",
           "status.hostIP", "status.hostIPs", "status.podIP", "status.podIPs")  # fmt: skip
_KEYED_FIELDS = ("metadata.labels", "metadata.annotations")
_KNOWN_ROOTS = frozenset({*_FIELDS, *_KEYED_FIELDS})
_RESOURCES = ("cpu", "ephemeral-storage", "memory")
_CONTAINER_RESOURCES = tuple(f"{side}.{name}" for side in ("limits", "requests") for name in _RESOURCES)
_VARIABLE_SOURCES = ("fieldRef", "resourceFieldRef", "configMapKeyRef", "secretKeyRef", "fileKeyRef")
_HANDLERS = ("exec", "httpGet", "tcpSocket", "grpc", "sleep")
_MAX_ID = 2147483647


def _required_port(place: Place) -> Causes:
    yield from ([place.required()] if place.value == 0 else port_number(place))


def host_port(place: Place) -> Causes:
    """A port of the node must be in range, and the container's own where the Pod uses the node's network."""
    if not place.value or place.above is None:
        return
    yield from port_number(place)
    if dig(_pod_spec(place), "hostNetwork") and place.value != place.above.value.get("containerPort"):
        yield place.invalid("must match `containerPort` when `hostNetwork` is true")


def _pod_spec(place: Place) -> object:
    """Return the spec of the Pod around a place."""
    while place.above is not None and not (is_object(place.value) and "containers" in place.value):
        place = place.above
    return place.value


def _unique_port_names(place: Place) -> Causes:
    seen: set[str] = set()
    for item in place.items():
        name = item.at("name")
        if not name.missing and name.value in seen:
            yield name.duplicate()
        seen.add(name.value)


def field_path(place: Place) -> Causes:
    """The path must name a field of the Pod that a container may know."""
    path = str(place.value or "")
    root, subscript, _ = path.partition("['")
    if not path:
        yield place.required()
    elif root not in _KNOWN_ROOTS:
        yield place.invalid(f"error converting fieldPath: field label not supported: {path}")
    elif root in _KEYED_FIELDS and not subscript:
        yield place.unsupported(_FIELDS)


def _resource_field(place: Place) -> Causes:
    if place.missing:
        yield place.required()
    elif place.value not in _CONTAINER_RESOURCES and not str(place.value).split(".", 1)[-1].startswith(
        "hugepages-"
    ):
        yield place.unsupported(_CONTAINER_RESOURCES)


def _variable_source(place: Place) -> Causes:
    if place.value is None or place.above is None:
        return
    chosen = [name for name in _VARIABLE_SOURCES if place.fields.get(name) is not None]
    names = [f"`{name}`" for name in _VARIABLE_SOURCES]
    if not chosen:
        yield place.invalid(f"must specify one of: {', '.join(names[:-1])} or {names[-1]}", shown="")
    elif place.above.value.get("value"):
        yield place.invalid("may not be specified when `value` is not empty", shown="")
    elif len(chosen) > 1:
        yield place.invalid("may not have more than one field specified at a time", shown="")


_KEY_SOURCE = table(row("name", required), row("key", required, text_of(formats.config_key)))
_VARIABLE = table(
    row("name", required, text_of(formats.variable_name)),
    row("valueFrom", _variable_source),
    row("valueFrom.fieldRef.fieldPath", field_path),
    row("valueFrom.resourceFieldRef.resource", _resource_field),
    row("valueFrom.configMapKeyRef", lambda place: _KEY_SOURCE(place) if place.value is not None else ()),
    row("valueFrom.secretKeyRef", lambda place: _KEY_SOURCE(place) if place.value is not None else ()),
)


def _variable_origins(place: Place) -> Causes:
    for item in place.items():
        chosen = [name for name in ("configMapRef", "secretRef") if item.fields.get(name) is not None]
        if not chosen:
            yield place.invalid("must specify one of: `configMapRef` or `secretRef`", shown="")
        elif len(chosen) > 1:
            yield place.invalid("may not have more than one field specified at a time", shown="")
        for name in chosen:
            yield from required(item.at(name, "name"))


def local_path(place: Place) -> Causes:
    """A path inside a volume must stay there."""
    if str(place.value or "").startswith("/"):
        yield place.invalid("must be a relative path")
    elif ".." in str(place.value or "").split("/"):
        yield place.invalid("must not contain '..'")


def _mounts(place: Place) -> Causes:
    spec = _pod_spec(place)
    names = [volume.get("name") for volume in objects(spec, "volumes")]
    names += [dig(claim, "metadata", "name") for claim in objects(place.root, "spec", "volumeClaimTemplates")]
    paths: list[str] = []
    for item in place.items():
        name, path = item.at("name"), item.at("mountPath")
        if name.missing:
            yield name.required()
        elif name.value not in names:
            yield name.not_found()
        if path.missing:
            yield path.required()
        elif path.value in paths:
            yield path.invalid("must be unique")
        paths.append(path.value)
        yield from local_path(
            Place(value=item.fields.get("subPath"), path=f"{place.path}.subPath", root=place.root)
        )
        if item.fields.get("subPath") and item.fields.get("subPathExpr"):
            yield item.at("subPathExpr").invalid("subPathExpr and subPath are mutually exclusive")


def resources(place: Place) -> Causes:
    """Limits and requests must be known resources, not negative, and no request above its limit."""
    for side in ("limits", "requests"):
        for name, quantity in place.at(side).entries():
            yield from _resource_name(quantity, name)
            yield from not_negative(quantity)
            yield from _huge_page(quantity, name)
    limits, requests = place.at("limits"), place.at("requests")
    for name, quantity in requests.entries():
        limit = limits.fields.get(name)
        if limit is not None and amount(quantity.value) > amount(limit):
            told = f"must be less than or equal to {name} limit of {canonical(limit)}"
            yield requests.invalid(told, shown=canonical(quantity.value))
    names = {name for side in (limits, requests) for name, _ in side.entries()}
    if any(name.startswith("hugepages-") for name in names) and not names & {"cpu", "memory"}:
        yield place.forbidden("HugePages require cpu or memory")


def _resource_name(place: Place, name: str) -> Causes:
    yield from (place.invalid(told, shown=name) for told in formats.qualified_name(name))
    if "/" not in name and name not in _RESOURCES and not name.startswith("hugepages-"):
        if name not in {"storage", "pods"}:
            yield place.invalid("must be a standard resource type or fully qualified", shown=name)
        yield place.invalid("must be a standard resource for containers", shown=name)


def _huge_page(place: Place, name: str) -> Causes:
    size = amount(name.removeprefix("hugepages-")) if name.startswith("hugepages-") else Decimal(0)
    if size and amount(place.value) % size:
        yield place.invalid(
            f"{place.value} is not positive integer multiple of {name}", shown=str(place.value)
        )


def _one_handler(handlers: tuple[str, ...]) -> Check:
    def check(place: Place) -> Causes:
        if place.value is None:
            return
        yield from only_one(handlers, "may not specify more than 1 handler type")(place)
        if not any(place.fields.get(name) is not None for name in handlers):
            yield place.required("must specify a handler type")

    return check


_ACTIONS = (
    row("exec.command", required),
    row("httpGet.port", port_or_name),
    row("httpGet.scheme", one_of("HTTP", "HTTPS")),
    row("tcpSocket.port", port_or_name),
    row("grpc.port", port_number),
)
_HANDLER = table(row("", _one_handler(_HANDLERS)), *_ACTIONS)


def _probe(*more: Check) -> Check:
    counts = (
        "initialDelaySeconds",
        "timeoutSeconds",
        "periodSeconds",
        "successThreshold",
        "failureThreshold",
    )
    return table(
        row("", _one_handler(_HANDLERS[:4])),
        *_ACTIONS,
        *(row(name, at_least(0)) for name in counts),
        row("", *more),
    )


def _succeeds_once(place: Place) -> Causes:
    threshold = place.at("successThreshold")
    if threshold.value not in {None, 1}:
        yield threshold.invalid("must be 1")


def _without_grace(place: Place) -> Causes:
    grace = place.at("terminationGracePeriodSeconds")
    if grace.value is not None:
        yield grace.invalid("must not be set for readinessProbes")


def _with_grace(place: Place) -> Causes:
    yield from at_least(1, "must be greater than 0")(place.at("terminationGracePeriodSeconds"))


LIVENESS, READINESS = _probe(_succeeds_once, _with_grace), _probe(_without_grace)


def _escalation(place: Place) -> Causes:
    if place.value and place.fields.get("allowPrivilegeEscalation") is False:
        if place.fields.get("privileged"):
            yield place.invalid("cannot set `allowPrivilegeEscalation` to false and `privileged` to true")
        if "SYS_ADMIN" in (dig(place.value, "capabilities", "add") or []):
            told = "cannot set `allowPrivilegeEscalation` to false and `capabilities.Add` CAP_SYS_ADMIN"
            yield place.invalid(told)


def _seccomp_profile(place: Place) -> Causes:
    profile, kind = place.at("localhostProfile"), place.at("type")
    if kind.value == "Localhost" and profile.missing:
        yield profile.required("must be set when seccomp type is Localhost")
    elif kind.value not in {None, "Localhost"} and not profile.missing:
        yield profile.invalid("can only be set when seccomp type is Localhost")


identity = between(0, _MAX_ID)
SECCOMP = table(
    row("type", required, one_of("Localhost", "RuntimeDefault", "Unconfined")), row("", _seccomp_profile)
)
SECURITY = table(
    row("", _escalation),
    row("runAsUser", identity),
    row("runAsGroup", identity),
    row("procMount", one_of("Default", "Unmasked")),
    row("seccompProfile", lambda place: SECCOMP(place) if place.value is not None else ()),
)

_COMMON = (
    row("name", required, text_of(formats.dns_label)),
    row("image", required),
    row("imagePullPolicy", one_of("Always", "IfNotPresent", "Never")),
    row("terminationMessagePolicy", one_of("File", "FallbackToLogsOnError")),
    row("ports", _unique_port_names),
    row("ports[*].name", text_of(formats.port_name)),
    row("ports[*].containerPort", _required_port),
    row("ports[*].hostPort", host_port),
    row("ports[*].protocol", one_of("SCTP", "TCP", "UDP")),
    row("env[*]", _VARIABLE),
    row("envFrom", _variable_origins),
    row("volumeMounts", _mounts),
    row("resources", resources),
    row("securityContext", SECURITY),
)
_PROBES = (
    row("livenessProbe", LIVENESS),
    row("readinessProbe", READINESS),
    row("startupProbe", _probe(_succeeds_once, _with_grace)),
    row("lifecycle.postStart", _HANDLER),
    row("lifecycle.preStop", _HANDLER),
)
CONTAINER = table(*_COMMON, *_PROBES)


def _no_probes(place: Place) -> Causes:
    for name in ("lifecycle", "livenessProbe", "readinessProbe", "startupProbe"):
        yield from unset("may not be set for init containers without restartPolicy=Always")(place.at(name))


def _init_container(place: Place) -> Causes:
    yield from (CONTAINER if place.at("restartPolicy").value == "Always" else _PLAIN_INIT)(place)


_PLAIN_INIT = table(
    *_COMMON, row("restartPolicy", one_of("Always", "Never", "OnFailure")), row("", _no_probes)
)
INIT_CONTAINER: Check = _init_container
