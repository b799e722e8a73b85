"""Validation of objects and their updates: the rules beyond types.

Invariant: all broken rules of an object are reported together, each with its field, as a real server does.
Source: Kubernetes "Object Names and IDs", "Labels and Selectors", and each kind's API reference.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, TypeAlias

from platz_sandbox.kubernetes.objects.raw_documents import (
    KubeObject,
    dig,
    is_list,
    is_object,
    number,
    objects,
    part,
    texts,
)
from platz_sandbox.kubernetes.objects.selectors import selects
from platz_sandbox.kubernetes.objects.served_kinds import Kind
from platz_sandbox.kubernetes.objects.shapes import Form, Shape
from platz_sandbox.kubernetes.objects.status_errors import Cause, invalid

Causes: TypeAlias = Iterator[Cause]

_DNS_LABEL = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?")
_SERVICE_LABEL = re.compile(r"[a-z]([-a-z0-9]*[a-z0-9])?")
_DNS_SUBDOMAIN = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*")
_PATH_SEGMENT = re.compile(r"(?!\.{1,2}$)[^/%]+")
_LABEL_VALUE = re.compile(r"([A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?)?")
_LABEL_NAME = re.compile(r"[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?")
_CONFIG_KEY = re.compile(r"[-._a-zA-Z0-9]+")

_NAME_RULES: Mapping[str, tuple[re.Pattern[str], int, str]] = {
    "namespaces": (_DNS_LABEL, 63, "a lowercase RFC 1123 label"),
    "services": (_SERVICE_LABEL, 63, "a DNS-1035 label"),
    "statefulsets.apps": (_DNS_SUBDOMAIN, 253, "a lowercase RFC 1123 subdomain"),
    **{
        f"{plural}.rbac.authorization.k8s.io": (_PATH_SEGMENT, 253, "a valid path segment name")
        for plural in ("roles", "rolebindings", "clusterroles", "clusterrolebindings")
    },
}
_ANY_NAME = (_DNS_SUBDOMAIN, 253, "a lowercase RFC 1123 subdomain")


def _bad(field: str, message: str, value: Any = None) -> Cause:
    shown = f'Invalid value: "{value}": ' if isinstance(value, str) else "Invalid value: "
    return Cause(reason="FieldValueInvalid", message=shown + message, field=field)


def _missing(field: str) -> Cause:
    return Cause(reason="FieldValueRequired", message="Required value", field=field)


def _forbidden(field: str, message: str) -> Cause:
    return Cause(reason="FieldValueForbidden", message=f"Forbidden: {message}", field=field)


def check(kind: Kind, shape: Shape, document: KubeObject) -> None:
    """Raise 422 with every rule that the object breaks."""
    causes = [*_metadata(kind, document), *_required(document, shape, "")]
    causes += [cause for rule in _RULES.get(kind.resource, ()) for cause in rule(document)]
    _refuse(kind, document, causes)


def check_update(kind: Kind, before: KubeObject, after: KubeObject) -> None:
    """Raise 422 with every immutable field that would change."""
    causes = [
        _bad(".".join(path), "field is immutable")
        for path in _IMMUTABLE.get(kind.resource, ())
        if dig(before, *path) is not None and dig(before, *path) != dig(after, *path)
    ]
    causes += [cause for rule in _UPDATE_RULES.get(kind.resource, ()) for cause in rule(before, after)]
    _refuse(kind, after, causes)


def _refuse(kind: Kind, document: KubeObject, causes: list[Cause]) -> None:
    if causes:
        name = dig(document, "metadata", "name") or ""
        raise invalid(kind=kind.kind, group=kind.group, name=name, causes=causes)


def _metadata(kind: Kind, document: KubeObject) -> Causes:
    name = dig(document, "metadata", "name") or ""
    pattern, length, called = _NAME_RULES.get(kind.resource, _ANY_NAME)
    if len(name) > length:
        yield _bad("metadata.name", f"must be no more than {length} characters", name)
    if not pattern.fullmatch(name):
        yield _bad("metadata.name", f"{called} must match '{pattern.pattern}'", name)
    for key, value in texts(document, "metadata", "labels").items():
        yield from _label("metadata.labels", key, value)
    for key in texts(document, "metadata", "annotations"):
        yield from _qualified_name("metadata.annotations", key)


def _label(field: str, key: str, value: str) -> Causes:
    yield from _qualified_name(field, key)
    if len(value) > 63 or not _LABEL_VALUE.fullmatch(value):
        yield _bad(field, "a valid label must be at most 63 characters of [A-Za-z0-9-_.], "
                          "starting and ending with an alphanumeric character", value)  # fmt: skip


def _qualified_name(field: str, key: str) -> Causes:
    prefix, _, name = key.rpartition("/")
    if len(name) > 63 or not _LABEL_NAME.fullmatch(name):
        yield _bad(field, "name part must consist of alphanumeric characters, '-', '_' or '.'", key)
    if ("/" in key) and not _DNS_SUBDOMAIN.fullmatch(prefix):
        yield _bad(field, "prefix part must be a lowercase RFC 1123 subdomain", key)


def _required(value: Any, shape: Shape, path: str) -> Causes:
    if shape.form is Form.OBJECT and is_object(value):
        for name, inner in shape.fields.items():
            place = f"{path}.{name}" if path else name
            if inner.required and name not in value:
                yield _missing(place)
            elif name in value and name != "status":
                yield from _required(value[name], inner, place)
    elif shape.form is Form.LIST and is_list(value):
        for index, item in enumerate(value):
            yield from _required(item, shape.element, f"{path}[{index}]")
    elif shape.form is Form.MAP and is_object(value):
        for key, item in value.items():
            yield from _required(item, shape.child(key), f"{path}.{key}")


def _workload(document: KubeObject) -> Causes:
    labels = texts(document, "spec", "template", "metadata", "labels")
    selector = dig(document, "spec", "selector")
    if selector is not None and not selector:
        yield _bad("spec.selector", "empty selector is invalid for this kind")
    elif selector is not None and not selects(selector, labels):
        yield _bad("spec.template.metadata.labels", "`selector` does not match template `labels`")
    for key, value in labels.items():
        yield from _label("spec.template.metadata.labels", key, value)
    if number(document, "spec", "replicas", default=1) < 0:
        yield _bad("spec.replicas", "must be greater than or equal to 0")
    yield from _pod_spec(dig(document, "spec", "template", "spec"), "spec.template.spec")


def _restarts_for_ever(document: KubeObject) -> Causes:
    if (dig(document, "spec", "template", "spec", "restartPolicy") or "Always") != "Always":
        yield Cause(reason="FieldValueNotSupported", message='Unsupported value: supported values: "Always"',
                    field="spec.template.spec.restartPolicy")  # fmt: skip


def _ends(path: tuple[str, ...]) -> Callable[[KubeObject], Causes]:
    def rule(document: KubeObject) -> Causes:
        spec = dig(document, *path)
        place = ".".join(path)
        if is_object(spec) and spec.get("restartPolicy") not in {"Never", "OnFailure"}:
            yield Cause(reason="FieldValueRequired", message='Required value: valid values: "OnFailure", "Never"',
                        field=f"{place}.restartPolicy")  # fmt: skip
        yield from _pod_spec(spec, place)

    return rule


def _pod(document: KubeObject) -> Causes:
    yield from _pod_spec(document.get("spec"), "spec")


def _pod_spec(spec: Any, path: str) -> Causes:
    if not is_object(spec):
        return
    if not objects(spec, "containers"):
        yield _missing(f"{path}.containers")
    volumes = {volume.get("name") for volume in objects(spec, "volumes")}
    seen: set[str] = set()
    for field in ("initContainers", "containers"):
        for index, container in enumerate(objects(spec, field)):
            place = f"{path}.{field}[{index}]"
            yield from _container(container, place, volumes)
            if container.get("name") in seen:
                yield Cause(reason="FieldValueDuplicate", field=f"{place}.name",
                            message=f'Duplicate value: "{container["name"]}"')  # fmt: skip
            seen.add(container.get("name") or "")


def _container(container: KubeObject, path: str, volumes: set[Any]) -> Causes:
    name = container.get("name") or ""
    if name and not (_DNS_LABEL.fullmatch(name) and len(name) <= 63):
        yield _bad(f"{path}.name", "must be a lowercase RFC 1123 label", name)
    if not container.get("image"):
        yield _missing(f"{path}.image")
    for index, port in enumerate(objects(container, "ports")):
        if not 0 < number(port, "containerPort", default=1) <= 65535:
            yield _bad(f"{path}.ports[{index}].containerPort", "must be between 1 and 65535, inclusive")
    for index, mount in enumerate(objects(container, "volumeMounts")):
        if mount.get("name") not in volumes:
            yield Cause(reason="FieldValueNotFound", field=f"{path}.volumeMounts[{index}].name",
                        message=f'Not found: "{mount.get("name")}"')  # fmt: skip


def _stateful_set(document: KubeObject) -> Causes:
    spec = part(document, "spec", "template", "spec")
    claims = [
        {"name": dig(claim, "metadata", "name")}
        for claim in objects(document, "spec", "volumeClaimTemplates")
    ]
    template: KubeObject = {**spec, "volumes": [*objects(spec, "volumes"), *claims]}
    wanted = dict(part(document, "spec"))
    wanted["template"] = {**part(wanted, "template"), "spec": template}
    yield from _workload({**document, "spec": wanted})


def _service(document: KubeObject) -> Causes:
    ports = objects(document, "spec", "ports")
    external = dig(document, "spec", "type") == "ExternalName"
    if not ports and not external and dig(document, "spec", "clusterIP") != "None":
        yield _missing("spec.ports")
    if external and not dig(document, "spec", "externalName"):
        yield _missing("spec.externalName")
    for index, port in enumerate(ports):
        if not 0 < number(port, "port", default=1) <= 65535:
            yield _bad(f"spec.ports[{index}].port", "must be between 1 and 65535, inclusive")
        if len(ports) > 1 and not port.get("name"):
            yield _missing(f"spec.ports[{index}].name")


def _keys(document: KubeObject) -> Causes:
    for field in ("data", "binaryData", "stringData"):
        for key in part(document, field):
            if len(key) > 253 or not _CONFIG_KEY.fullmatch(key):
                yield _bad(f"{field}[{key}]", "a valid config key must consist of alphanumeric characters, "
                                             "'-', '_' or '.'", key)  # fmt: skip


def _definition(document: KubeObject) -> Causes:
    spec = part(document, "spec")
    expected = f"{dig(spec, 'names', 'plural')}.{spec.get('group')}"
    if dig(document, "metadata", "name") != expected:
        yield _bad(
            "metadata.name", 'must be spec.names.plural+"."+spec.group', dig(document, "metadata", "name")
        )
    if sum(bool(version.get("storage")) for version in objects(spec, "versions")) != 1:
        yield _bad("spec.versions", "must have exactly one version marked as storage version")


_RULES: Mapping[str, tuple[Callable[[KubeObject], Causes], ...]] = {
    "pods": (_pod,),
    "services": (_service,),
    "secrets": (_keys,),
    "configmaps": (_keys,),
    "deployments.apps": (_workload, _restarts_for_ever),
    "replicasets.apps": (_workload, _restarts_for_ever),
    "daemonsets.apps": (_workload, _restarts_for_ever),
    "statefulsets.apps": (_stateful_set, _restarts_for_ever),
    "jobs.batch": (_ends(("spec", "template", "spec")),),
    "cronjobs.batch": (_ends(("spec", "jobTemplate", "spec", "template", "spec")),),
    "customresourcedefinitions.apiextensions.k8s.io": (_definition,),
}

_IMMUTABLE: Mapping[str, tuple[tuple[str, ...], ...]] = {
    "deployments.apps": (("spec", "selector"),),
    "replicasets.apps": (("spec", "selector"),),
    "daemonsets.apps": (("spec", "selector"),),
    "jobs.batch": (("spec", "selector"), ("spec", "template"), ("spec", "completions"), ("spec", "completionMode")),
    "services": (("spec", "clusterIP"),),
    "secrets": (("type",),),
    "persistentvolumeclaims": (("spec", "accessModes"), ("spec", "storageClassName"), ("spec", "volumeName"),
                               ("spec", "volumeMode"), ("spec", "selector")),
    "storageclasses.storage.k8s.io": (("provisioner",), ("parameters",), ("reclaimPolicy",), ("volumeBindingMode",)),
    "rolebindings.rbac.authorization.k8s.io": (("roleRef",),),
    "clusterrolebindings.rbac.authorization.k8s.io": (("roleRef",),),
    "priorityclasses.scheduling.k8s.io": (("value",), ("preemptionPolicy",)),
    "ingressclasses.networking.k8s.io": (("spec", "controller"),),
}  # fmt: skip

_STATEFUL_SET_MAY_CHANGE = frozenset({
    "replicas", "ordinals", "template", "updateStrategy", "revisionHistoryLimit", "minReadySeconds",
    "persistentVolumeClaimRetentionPolicy",
})  # fmt: skip


def _stateful_set_update(before: KubeObject, after: KubeObject) -> Causes:
    old, new = part(before, "spec"), part(after, "spec")
    fixed = (old.keys() | new.keys()) - _STATEFUL_SET_MAY_CHANGE
    if any(old.get(key) != new.get(key) for key in fixed):
        allowed = "', '".join(sorted(_STATEFUL_SET_MAY_CHANGE))
        yield _forbidden(
            "spec", f"updates to statefulset spec for fields other than '{allowed}' are forbidden"
        )


def _pod_update(before: KubeObject, after: KubeObject) -> Causes:
    if _fixed_part(before) != _fixed_part(after):
        yield _forbidden(
            "spec",
            "pod updates may not change fields other than `spec.containers[*].image`,"
            "`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,`spec.tolerations`,"
            "`spec.terminationGracePeriodSeconds`",
        )


def _fixed_part(pod: KubeObject) -> KubeObject:
    free = {
        "activeDeadlineSeconds",
        "tolerations",
        "terminationGracePeriodSeconds",
        "nodeName",
        "ephemeralContainers",
    }
    spec = {key: value for key, value in part(pod, "spec").items() if key not in free}
    for field in ("containers", "initContainers"):
        spec[field] = [{k: v for k, v in c.items() if k != "image"} for c in objects(spec, field)]
    return spec


def _immutable_data(before: KubeObject, after: KubeObject) -> Causes:
    fields = ("data", "binaryData", "immutable")
    if before.get("immutable") and any(before.get(field) != after.get(field) for field in fields):
        yield _forbidden("data", "field is immutable when `immutable` is set")


_UPDATE_RULES: Mapping[str, tuple[Callable[[KubeObject, KubeObject], Causes], ...]] = {
    "statefulsets.apps": (_stateful_set_update,),
    "pods": (_pod_update,),
    "secrets": (_immutable_data,),
    "configmaps": (_immutable_data,),
}
