"""The rules of updates: what may not change once an object exists.

Source: the API reference of each kind ("immutable", "cannot be updated").
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from platz_sandbox.kubernetes.objects.quantities import amount
from platz_sandbox.kubernetes.objects.raw_documents import KubeObject, dig, objects, part
from platz_sandbox.kubernetes.objects.status_errors import Cause
from platz_sandbox.kubernetes.validation.places import Causes, Place, whole

UpdateRule = Callable[[KubeObject, KubeObject], Causes]
_FIXED = "field is immutable"
_CLAIM = "spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims"
_POD = (
    "pod updates may not change fields other than `spec.containers[*].image`,`spec.initContainers[*].image`,"
    "`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),"
    "`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)"
)
_STATEFUL_SET = (
    "updates to statefulset spec for fields other than 'replicas', 'ordinals', 'template', 'updateStrategy', "
    "'revisionHistoryLimit', 'persistentVolumeClaimRetentionPolicy' and 'minReadySeconds' are forbidden"
)
_STATEFUL_SET_MAY_CHANGE = frozenset({
    "replicas", "ordinals", "template", "updateStrategy", "revisionHistoryLimit", "minReadySeconds",
    "persistentVolumeClaimRetentionPolicy",
})  # fmt: skip


def _fixed(*path: str) -> UpdateRule:
    """The field keeps its value once it has one."""

    def check(before: KubeObject, after: KubeObject) -> Causes:
        old, new = dig(before, *path), dig(after, *path)
        if old is not None and old != new:
            yield whole(after).at(*path).invalid(_FIXED)

    return check


def _cluster_address(before: KubeObject, after: KubeObject) -> Causes:
    """A Service keeps its address as long as it has one."""
    old, new = dig(before, "spec", "clusterIP"), dig(after, "spec", "clusterIP")
    external = "ExternalName" in {dig(before, "spec", "type"), dig(after, "spec", "type")}
    if old and old != new and not external:
        place = Place(value=[new] if new else [], path="spec.clusterIPs[0]", root=after)
        yield place.invalid("may not change once set")


def _role(before: KubeObject, after: KubeObject) -> Causes:
    if before.get("roleRef") != after.get("roleRef"):
        role = part(after, "roleRef")
        shown = {"APIGroup": role.get("apiGroup"), "Kind": role.get("kind"), "Name": role.get("name")}
        yield whole(after).at("roleRef").invalid("cannot change roleRef", shown=shown)


def _stateful_set(before: KubeObject, after: KubeObject) -> Causes:
    old, new = part(before, "spec"), part(after, "spec")
    if any(old.get(key) != new.get(key) for key in (old.keys() | new.keys()) - _STATEFUL_SET_MAY_CHANGE):
        yield whole(after).at("spec").forbidden(_STATEFUL_SET)


def _pod(before: KubeObject, after: KubeObject) -> Causes:
    if _fixed_part(before) != _fixed_part(after):
        yield whole(after).at("spec").forbidden(_POD)


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


def _claim(before: KubeObject, after: KubeObject) -> Causes:
    """A claim may only ask for more, and get its volume."""
    if _claim_part(before) != _claim_part(after):
        yield whole(after).at("spec").forbidden(_CLAIM)
        return
    old, new = (dig(claim, "spec", "resources", "requests", "storage") for claim in (before, after))
    if old is not None and new is not None and amount(new) < amount(old):
        told = "field can not be less than status.capacity"
        yield whole(after).at("spec", "resources", "requests", "storage").forbidden(told)


def _claim_part(claim: KubeObject) -> KubeObject:
    free = {"resources", "volumeAttributesClassName"}
    spec = part(claim, "spec")
    bound = spec.get("volumeName")
    return {
        key: value
        for key, value in spec.items()
        if key not in free and not (key == "volumeName" and not bound)
    }


def _immutable_data(before: KubeObject, after: KubeObject) -> Causes:
    told = "field is immutable when `immutable` is set"
    if not before.get("immutable"):
        return
    for field in ("immutable", "data", "binaryData"):
        if before.get(field) != after.get(field):
            yield whole(after).at(field).forbidden(told)


def _scopes(before: KubeObject, after: KubeObject) -> Causes:
    """The scopes of a quota stay as they were made, also when there were none."""
    if (dig(before, "spec", "scopes") or []) != (dig(after, "spec", "scopes") or []):
        yield whole(after).at("spec", "scopes").invalid(_FIXED)


_FIXED_FIELDS: Mapping[str, tuple[tuple[str, ...], ...]] = {
    "deployments.apps": (("spec", "selector"),),
    "replicasets.apps": (("spec", "selector"),),
    "daemonsets.apps": (("spec", "selector"),),
    "jobs.batch": (("spec", "selector"), ("spec", "template"), ("spec", "completions"), ("spec", "completionMode"),
                   ("spec", "podFailurePolicy")),
    "secrets": (("type",),),
    "storageclasses.storage.k8s.io": (("provisioner",), ("parameters",), ("reclaimPolicy",), ("volumeBindingMode",)),
    "volumeattributesclasses.storage.k8s.io": (("driverName",), ("parameters",)),
    "priorityclasses.scheduling.k8s.io": (("value",), ("preemptionPolicy",)),
    "ingressclasses.networking.k8s.io": (("spec", "controller"),),
    "runtimeclasses.node.k8s.io": (("handler",),),
    "endpointslices.discovery.k8s.io": (("addressType",),),
    "customresourcedefinitions.apiextensions.k8s.io": (("spec", "scope"), ("spec", "names", "kind")),
}  # fmt: skip
_RULES: Mapping[str, tuple[UpdateRule, ...]] = {
    "services": (_cluster_address,),
    "statefulsets.apps": (_stateful_set,),
    "pods": (_pod,),
    "persistentvolumeclaims": (_claim,),
    "secrets": (_immutable_data,),
    "configmaps": (_immutable_data,),
    "resourcequotas": (_scopes,),
    "rolebindings.rbac.authorization.k8s.io": (_role,),
    "clusterrolebindings.rbac.authorization.k8s.io": (_role,),
}


def broken_update(resource: str, before: KubeObject, after: KubeObject) -> list[Cause]:
    """Return the causes why an object may not become another."""
    rules: list[UpdateRule] = [_fixed(*path) for path in _FIXED_FIELDS.get(resource, ())]
    rules += _RULES.get(resource, ())
    return [cause for rule in rules for cause in rule(before, after)]
