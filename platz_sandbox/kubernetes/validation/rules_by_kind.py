"""The table of tables: which rules hold for which kind; and the check of a whole object.

Invariant: an object is stored only when nothing here objects to it; all objections are told together.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from platz_sandbox.kubernetes.objects.raw_documents import KubeObject, dig, is_list, is_object, part
from platz_sandbox.kubernetes.objects.served_kinds import Kind
from platz_sandbox.kubernetes.objects.shapes import Form, Shape
from platz_sandbox.kubernetes.objects.status_errors import Cause, invalid
from platz_sandbox.kubernetes.validation import (
    admission_rules,
    autoscaling_rules,
    claim_rules,
    cluster_object_rules,
    ingress_rules,
    job_rules,
    network_policy_rules,
    pod_rules,
    quota_rules,
    role_rules,
    service_rules,
    stored_data_rules,
    workload_rules,
)
from platz_sandbox.kubernetes.validation.custom import definition_rules
from platz_sandbox.kubernetes.validation.custom.schema_values import wrong_values
from platz_sandbox.kubernetes.validation.metadata_rules import broken_metadata
from platz_sandbox.kubernetes.validation.places import Causes, whole
from platz_sandbox.kubernetes.validation.tables import Check, row, table
from platz_sandbox.kubernetes.validation.update_rules import broken_update

_NOTHING = table(row(""))
RULES: Mapping[str, Check] = {
    "configmaps": stored_data_rules.CONFIG_MAP,
    "endpoints": service_rules.ENDPOINTS,
    "limitranges": quota_rules.LIMITS,
    "namespaces": cluster_object_rules.NAMESPACE,
    "persistentvolumeclaims": claim_rules.CLAIM,
    "pods": pod_rules.POD,
    "podtemplates": cluster_object_rules.POD_TEMPLATE,
    "resourcequotas": quota_rules.QUOTA,
    "secrets": stored_data_rules.SECRET,
    "serviceaccounts": _NOTHING,
    "services": service_rules.SERVICE,
    "daemonsets.apps": workload_rules.DAEMON_SET,
    "deployments.apps": workload_rules.DEPLOYMENT,
    "replicasets.apps": workload_rules.REPLICA_SET,
    "statefulsets.apps": workload_rules.STATEFUL_SET,
    "cronjobs.batch": job_rules.CRON_JOB,
    "jobs.batch": job_rules.JOB,
    "horizontalpodautoscalers.autoscaling": autoscaling_rules.AUTOSCALER,
    "poddisruptionbudgets.policy": autoscaling_rules.BUDGET,
    "ingressclasses.networking.k8s.io": ingress_rules.INGRESS_CLASS,
    "ingresses.networking.k8s.io": ingress_rules.INGRESS,
    "networkpolicies.networking.k8s.io": network_policy_rules.NETWORK_POLICY,
    "servicecidrs.networking.k8s.io": cluster_object_rules.SERVICE_RANGES,
    "clusterrolebindings.rbac.authorization.k8s.io": role_rules.CLUSTER_ROLE_BINDING,
    "clusterroles.rbac.authorization.k8s.io": role_rules.CLUSTER_ROLE,
    "rolebindings.rbac.authorization.k8s.io": role_rules.ROLE_BINDING,
    "roles.rbac.authorization.k8s.io": role_rules.ROLE,
    "storageclasses.storage.k8s.io": cluster_object_rules.STORAGE_CLASS,
    "volumeattributesclasses.storage.k8s.io": cluster_object_rules.ATTRIBUTES_CLASS,
    "priorityclasses.scheduling.k8s.io": cluster_object_rules.PRIORITY_CLASS,
    "leases.coordination.k8s.io": cluster_object_rules.LEASE,
    "endpointslices.discovery.k8s.io": service_rules.SLICE,
    "runtimeclasses.node.k8s.io": cluster_object_rules.RUNTIME_CLASS,
    "flowschemas.flowcontrol.apiserver.k8s.io": cluster_object_rules.FLOW_SCHEMA,
    "prioritylevelconfigurations.flowcontrol.apiserver.k8s.io": cluster_object_rules.PRIORITY_LEVEL,
    "certificatesigningrequests.certificates.k8s.io": cluster_object_rules.SIGNING_REQUEST,
    "apiservices.apiregistration.k8s.io": admission_rules.API_SERVICE,
    "customresourcedefinitions.apiextensions.k8s.io": definition_rules.DEFINITION,
    "mutatingwebhookconfigurations.admissionregistration.k8s.io": admission_rules.WEBHOOKS,
    "validatingwebhookconfigurations.admissionregistration.k8s.io": admission_rules.WEBHOOKS,
    "validatingadmissionpolicies.admissionregistration.k8s.io": admission_rules.POLICY,
    "validatingadmissionpolicybindings.admissionregistration.k8s.io": admission_rules.BINDING,
    "mutatingadmissionpolicies.admissionregistration.k8s.io": admission_rules.MUTATING_POLICY,
    "mutatingadmissionpolicybindings.admissionregistration.k8s.io": admission_rules.MUTATING_BINDING,
}
"""The rules of each kind beyond its metadata; of a kind that is not here only the required fields are checked."""


def check(kind: Kind, shape: Shape, document: KubeObject) -> None:
    """Raise 422 with every rule that the object breaks."""
    _refuse(kind, document, _causes(kind, shape, document))


def check_update(kind: Kind, shape: Shape, before: KubeObject, after: KubeObject) -> None:
    """Raise 422 with every rule that the changed object breaks, and every change that is not allowed."""
    changes, whole_object = broken_update(kind.resource, before, after), _causes(kind, shape, after)
    first, second = (whole_object, changes) if kind.group == "apps" else (changes, whole_object)
    _refuse(kind, after, [*first, *second])


def _causes(kind: Kind, shape: Shape, document: KubeObject) -> list[Cause]:
    causes = list(broken_metadata(kind, document))
    if kind.custom_schema is not None:
        return [*causes, *_custom(kind.custom_schema, document)]
    rules = RULES.get(kind.resource)
    return [*causes, *(rules(whole(document)) if rules else _required(document, shape, ""))]


def _custom(schema: KubeObject, document: KubeObject) -> Causes:
    """Yield what breaks the schema; `metadata` is the server's own, whatever the schema says of it."""
    properties = {key: inner for key, inner in part(schema, "properties").items() if key != "metadata"}
    return wrong_values(whole(document), {**schema, "properties": properties})


def _refuse(kind: Kind, document: KubeObject, causes: list[Cause]) -> None:
    if causes:
        name = dig(document, "metadata", "name") or ""
        raise invalid(kind=kind.kind, group=kind.group, name=name, causes=causes)


def _required(value: Any, shape: Shape, path: str) -> Causes:
    if shape.form is Form.OBJECT and is_object(value):
        for name, inner in shape.fields.items():
            place = f"{path}.{name}" if path else name
            if inner.required and name not in value:
                yield Cause(reason="FieldValueRequired", message="Required value", field=place)
            elif name in value and name != "status":
                yield from _required(value[name], inner, place)
    elif shape.form is Form.LIST and is_list(value):
        for index, item in enumerate(value):
            yield from _required(item, shape.element, f"{path}[{index}]")
    elif shape.form is Form.MAP and is_object(value):
        for key, item in value.items():
            yield from _required(item, shape.child(key), f"{path}.{key}")
