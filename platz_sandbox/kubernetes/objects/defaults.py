"""The values that an API server fills in: the defaults of each kind, and the fields that it alone decides.

Invariant: applying the defaults a second time changes nothing.
Source: the defaults documented for each field in the Kubernetes API reference.
"""

from __future__ import annotations

import base64
import copy
from collections.abc import Callable, Mapping
from typing import Any

from platz_sandbox.kubernetes.objects.raw_documents import KubeObject, dig, is_list, is_object, objects, part
from platz_sandbox.kubernetes.objects.served_kinds import Kind


def fill(document: KubeObject, values: Mapping[str, Any]) -> None:
    """Set each value that is missing, also inside inner objects."""
    for key, value in values.items():
        if isinstance(value, Mapping):
            fill(document.setdefault(key, {}), value)  # pyright: ignore[reportUnknownArgumentType]
        elif document.get(key) is None:
            document[key] = value


_POD_SPEC: KubeObject = {
    "restartPolicy": "Always",
    "terminationGracePeriodSeconds": 30,
    "dnsPolicy": "ClusterFirst",
    "securityContext": {},
    "schedulerName": "default-scheduler",
}
_CONTAINER: KubeObject = {
    "resources": {},
    "terminationMessagePath": "/dev/termination-log",
    "terminationMessagePolicy": "File",
}
_PROBE = {"timeoutSeconds": 1, "periodSeconds": 10, "successThreshold": 1, "failureThreshold": 3}
_VOLUME_MODES = ("secret", "configMap", "projected", "downwardAPI")


def pod_spec(spec: KubeObject) -> None:
    """Fill in the spec of a Pod or a Pod template."""
    fill(spec, _POD_SPEC)
    for container in (*objects(spec, "initContainers"), *objects(spec, "containers")):
        fill(container, _CONTAINER)
        image = str(container.get("image") or "")
        floating = image.endswith(":latest") or ":" not in image.rsplit("/", 1)[-1]
        fill(container, {"imagePullPolicy": "Always" if floating else "IfNotPresent"})
        for port in objects(container, "ports"):
            fill(port, {"protocol": "TCP"})
        for probe in ("livenessProbe", "readinessProbe", "startupProbe"):
            if probe in container:
                fill(container[probe], _PROBE)
                if "httpGet" in container[probe]:
                    fill(container[probe]["httpGet"], {"path": "/", "scheme": "HTTP"})
        for variable in objects(container, "env"):
            if dig(variable, "valueFrom", "fieldRef"):
                fill(variable["valueFrom"]["fieldRef"], {"apiVersion": "v1"})
    for volume in objects(spec, "volumes"):
        if not volume.keys() - {"name"}:
            volume["emptyDir"] = {}
        for source in _VOLUME_MODES:
            if source in volume:
                fill(volume[source], {"defaultMode": 420})


def _template(document: KubeObject) -> None:
    pod_spec(document["spec"].setdefault("template", {}).setdefault("spec", {}))


def _deployment(document: KubeObject) -> None:
    _template(document)
    fill(
        document["spec"],
        {"replicas": 1, "revisionHistoryLimit": 10, "progressDeadlineSeconds": 600, "strategy": {}},
    )
    strategy = document["spec"]["strategy"]
    fill(strategy, {"type": "RollingUpdate"})
    if strategy["type"] == "RollingUpdate":
        fill(strategy, {"rollingUpdate": {"maxUnavailable": "25%", "maxSurge": "25%"}})


def _replica_set(document: KubeObject) -> None:
    _template(document)
    fill(document["spec"], {"replicas": 1})


def _stateful_set(document: KubeObject) -> None:
    _template(document)
    fill(document["spec"], {
        "replicas": 1, "podManagementPolicy": "OrderedReady", "revisionHistoryLimit": 10, "serviceName": "",
        "updateStrategy": {"type": "RollingUpdate"},
    })  # fmt: skip
    if document["spec"]["updateStrategy"]["type"] == "RollingUpdate":
        fill(document["spec"]["updateStrategy"], {"rollingUpdate": {"partition": 0}})
    for claim in objects(document, "spec", "volumeClaimTemplates"):
        fill(claim, {"apiVersion": "v1", "kind": "PersistentVolumeClaim", "status": {"phase": "Pending"}})
        fill(claim.setdefault("spec", {}), {"volumeMode": "Filesystem"})


def _daemon_set(document: KubeObject) -> None:
    _template(document)
    fill(document["spec"], {"revisionHistoryLimit": 10, "updateStrategy": {"type": "RollingUpdate"}})
    if document["spec"]["updateStrategy"]["type"] == "RollingUpdate":
        fill(document["spec"]["updateStrategy"], {"rollingUpdate": {"maxUnavailable": 1, "maxSurge": 0}})


def job_spec(spec: KubeObject) -> None:
    """Fill in the spec of a Job or of a CronJob's template."""
    pod_spec(spec.setdefault("template", {}).setdefault("spec", {}))
    if spec.get("completions") is None and spec.get("parallelism") is None:
        spec["completions"] = 1
    fill(spec, {"parallelism": 1, "backoffLimit": 6, "completionMode": "NonIndexed", "suspend": False,
                "podReplacementPolicy": "TerminatingOrFailed"})  # fmt: skip


def _job(document: KubeObject) -> None:
    spec, metadata = document["spec"], document["metadata"]
    job_spec(spec)
    if "selector" in spec or "uid" not in metadata:
        return
    spec["selector"] = {"matchLabels": {"batch.kubernetes.io/controller-uid": metadata["uid"]}}
    labels = spec["template"].setdefault("metadata", {}).setdefault("labels", {})
    for prefix in ("batch.kubernetes.io/", ""):
        labels[f"{prefix}controller-uid"] = metadata["uid"]
        labels[f"{prefix}job-name"] = metadata["name"]


def _cron_job(document: KubeObject) -> None:
    fill(document["spec"], {"concurrencyPolicy": "Allow", "suspend": False, "successfulJobsHistoryLimit": 3,
                            "failedJobsHistoryLimit": 1})  # fmt: skip
    job_spec(document["spec"].setdefault("jobTemplate", {}).setdefault("spec", {}))


def _pod(document: KubeObject) -> None:
    pod_spec(document["spec"])
    fill(document["spec"], {
        "serviceAccountName": "default", "serviceAccount": document["spec"].get("serviceAccountName") or "default",
        "enableServiceLinks": True, "preemptionPolicy": "PreemptLowerPriority", "priority": 0,
    })  # fmt: skip
    fill(document, {"status": {"phase": "Pending", "qosClass": "BestEffort"}})


def _service(document: KubeObject) -> None:
    spec = document["spec"]
    fill(spec, {"type": "ClusterIP", "sessionAffinity": "None"})
    if spec["sessionAffinity"] == "ClientIP":
        fill(spec, {"sessionAffinityConfig": {"clientIP": {"timeoutSeconds": 10800}}})
    if spec.get("clusterIP") == "":
        del spec["clusterIP"]
    if spec["type"] != "ExternalName":
        fill(
            spec,
            {"internalTrafficPolicy": "Cluster", "ipFamilyPolicy": "SingleStack", "ipFamilies": ["IPv4"]},
        )
        fill(spec, {"clusterIP": _address(document)})
        fill(spec, {"clusterIPs": [spec["clusterIP"]]})
    for place, port in enumerate(objects(spec, "ports")):
        if port.get("targetPort") in {0, ""}:
            del port["targetPort"]
        fill(port, {"protocol": "TCP", "targetPort": port.get("port")})
        if spec["type"] in {"NodePort", "LoadBalancer"}:
            fill(port, {"nodePort": 30000 + (_number(document) + place) % 2768})
    if spec["type"] == "LoadBalancer":
        fill(spec, {"externalTrafficPolicy": "Cluster", "allocateLoadBalancerNodePorts": True})
    fill(document, {"status": {"loadBalancer": {}}})


def _number(document: KubeObject) -> int:
    """Derive a number from the object's uid, so that addresses need no allocator and survive a restart."""
    return int((dig(document, "metadata", "uid") or "0").split("-")[0], 16)


def _address(document: KubeObject) -> str:
    number = _number(document)
    return f"10.96.{number // 254 % 254 + 1}.{number % 254 + 1}"


def _secret(document: KubeObject) -> None:
    fill(document, {"type": "Opaque"})
    for key, text in part({"text": document.pop("stringData", None)}, "text").items():
        document.setdefault("data", {})[key] = base64.b64encode(text.encode()).decode()


def _namespace(document: KubeObject) -> None:
    fill(document, {"spec": {"finalizers": ["kubernetes"]}, "status": {"phase": "Active"}})
    labels = document["metadata"].setdefault("labels", {})
    labels.setdefault("kubernetes.io/metadata.name", document["metadata"]["name"])


def _claim(document: KubeObject) -> None:
    fill(document["spec"], {"volumeMode": "Filesystem", "storageClassName": "standard"})
    fill(document, {"status": {"phase": "Pending"}})


def _ingress(document: KubeObject) -> None:
    fill(document, {"status": {"loadBalancer": {}}})


def _network_policy(document: KubeObject) -> None:
    spec = document["spec"]
    if "policyTypes" not in spec:
        spec["policyTypes"] = ["Ingress", *(["Egress"] if "egress" in spec else [])]


def _autoscaler(document: KubeObject) -> None:
    target = {"type": "Utilization", "averageUtilization": 80}
    metrics = [{"type": "Resource", "resource": {"name": "cpu", "target": target}}]
    fill(document["spec"], {"minReplicas": 1, "metrics": metrics})


def _storage_class(document: KubeObject) -> None:
    fill(document, {"reclaimPolicy": "Delete", "volumeBindingMode": "Immediate"})


def _definition(document: KubeObject) -> None:
    names = part(document, "spec", "names")
    fill(names, {"singular": str(names.get("kind", "")).lower(), "listKind": f"{names.get('kind', '')}List"})
    fill(document["spec"], {"conversion": {"strategy": "None"}})


def _role_binding(document: KubeObject) -> None:
    fill(part(document, "roleRef"), {"apiGroup": "rbac.authorization.k8s.io"})
    for subject in objects(document, "subjects"):
        if subject.get("kind") in {"User", "Group"}:
            fill(subject, {"apiGroup": "rbac.authorization.k8s.io"})
        elif document["metadata"].get("namespace"):
            fill(subject, {"namespace": document["metadata"]["namespace"]})


def _limit_range(document: KubeObject) -> None:
    for item in objects(document, "spec", "limits"):
        if item.get("type") == "Container":
            fill(item, {"default": dict(part(item, "max"))})
            fill(item, {"defaultRequest": dict(part(item, "default"))})
            fill(item, {"defaultRequest": dict(part(item, "min"))})
            for name in ("default", "defaultRequest"):
                if not item[name]:
                    del item[name]


def _webhooks(document: KubeObject) -> None:
    for webhook in objects(document, "webhooks"):
        fill(webhook, {"failurePolicy": "Fail", "matchPolicy": "Equivalent", "namespaceSelector": {},
                       "objectSelector": {}, "timeoutSeconds": 10})  # fmt: skip
        for rule in objects(webhook, "rules"):
            fill(rule, {"scope": "*"})
        if "service" in part(webhook, "clientConfig"):
            fill(webhook["clientConfig"]["service"], {"port": 443})


_DEFAULTS: Mapping[str, Callable[[KubeObject], None]] = {
    "pods": _pod,
    "services": _service,
    "secrets": _secret,
    "namespaces": _namespace,
    "persistentvolumeclaims": _claim,
    "deployments.apps": _deployment,
    "replicasets.apps": _replica_set,
    "statefulsets.apps": _stateful_set,
    "daemonsets.apps": _daemon_set,
    "jobs.batch": _job,
    "cronjobs.batch": _cron_job,
    "ingresses.networking.k8s.io": _ingress,
    "networkpolicies.networking.k8s.io": _network_policy,
    "horizontalpodautoscalers.autoscaling": _autoscaler,
    "storageclasses.storage.k8s.io": _storage_class,
    "customresourcedefinitions.apiextensions.k8s.io": _definition,
    "limitranges": _limit_range,
    "mutatingwebhookconfigurations.admissionregistration.k8s.io": _webhooks,
    "validatingwebhookconfigurations.admissionregistration.k8s.io": _webhooks,
    "rolebindings.rbac.authorization.k8s.io": _role_binding,
    "clusterrolebindings.rbac.authorization.k8s.io": _role_binding,
}
_WITHOUT_SPEC = frozenset({
    "secrets", "namespaces", "storageclasses.storage.k8s.io", "rolebindings.rbac.authorization.k8s.io",
    "clusterrolebindings.rbac.authorization.k8s.io", "mutatingwebhookconfigurations.admissionregistration.k8s.io",
    "validatingwebhookconfigurations.admissionregistration.k8s.io",
})  # fmt: skip

_KEPT_WHEN_UNSET: Mapping[str, tuple[str, ...]] = {
    "services": ("clusterIP", "clusterIPs", "ipFamilies", "ipFamilyPolicy", "healthCheckNodePort"),
    "jobs.batch": ("selector",),
    "pods": ("nodeName", "serviceAccountName", "serviceAccount"),
    "persistentvolumeclaims": ("volumeName",),
}


def fill_from_schema(value: Any, schema: Mapping[str, Any]) -> None:
    """Set each missing field that has a default in the schema, at any depth; fields of what is missing stay missing."""
    if is_object(value):
        for name, inner in part(dict(schema), "properties").items():
            if "default" in inner and (
                name not in value or (value[name] is None and not inner.get("nullable"))
            ):
                value[name] = copy.deepcopy(inner["default"])
            fill_from_schema(value.get(name), inner)
        others = schema.get("additionalProperties")
        if is_object(others):
            known = part(dict(schema), "properties")
            for name in value.keys() - known.keys():
                fill_from_schema(value[name], others)
    elif is_list(value):
        for item in value:
            fill_from_schema(item, part(dict(schema), "items"))


def apply_defaults(kind: Kind, document: KubeObject) -> None:
    """Fill in the defaults of the kind: those of its schema for a custom resource."""
    if kind.custom_schema is not None:
        fill_from_schema(document, kind.custom_schema)
        return
    fill_in = _DEFAULTS.get(kind.resource)
    if fill_in:
        if kind.resource not in _WITHOUT_SPEC:
            document.setdefault("spec", {})
        fill_in(document)


def keep_decided(kind: Kind, before: KubeObject, after: KubeObject) -> None:
    """Keep the values that the server decided earlier, when an update leaves them out."""
    for field in _KEPT_WHEN_UNSET.get(kind.resource, ()):
        value = dig(before, "spec", field)
        if value is not None:
            if dig(after, "spec", field) == "":
                del after["spec"][field]
            fill(after.setdefault("spec", {}), {field: value})
    if kind.resource == "services":
        old = {(port.get("port"), port.get("protocol")): port for port in objects(before, "spec", "ports")}
        for port in objects(after, "spec", "ports"):
            known = old.get((port.get("port"), port.get("protocol", "TCP")))
            if known and "nodePort" in known:
                fill(port, {"nodePort": known["nodePort"]})
    if kind.resource == "jobs.batch":
        labels = dig(before, "spec", "template", "metadata", "labels")
        if labels:
            fill(after["spec"].setdefault("template", {}), {"metadata": {"labels": labels}})
