"""The protobuf messages that can be decoded: those that Helm and `kubectl create` send.

Invariant: a message's field numbers are the published ones of `k8s.io/api`, which never change.
"""

from __future__ import annotations

from collections.abc import Mapping

_Fields = Mapping[int, tuple[str, str]]


def _object(spec: str) -> _Fields:
    return {1: ("metadata", "ObjectMeta"), 2: ("spec", spec)}


PARTLY_KNOWN = frozenset({
    "Container", "EnvVar", "HorizontalPodAutoscalerSpec", "IngressBackend", "JobSpec", "MetricSpec",
    "PodDisruptionBudgetSpec", "PodSpec", "ResourceQuotaSpec", "ServiceSpec",
})  # fmt: skip
"""Messages with fields that are missing in the table; all others lack only fields that the server itself writes."""

# message: {field number: (JSON name, type)}; a type is text, bool, int, bytes, quantity, int-or-text, a message, `[X]`
# or `{X}`. A `?` marks a field that JSON omits when it is zero; the fields of a nameless field join the outer message.
MESSAGES: Mapping[str, _Fields] = {
    "ObjectMeta": {
        1: ("name", "text"), 2: ("generateName", "text"), 3: ("namespace", "text"), 5: ("uid", "text"),
        6: ("resourceVersion", "text"), 11: ("labels", "{text}"), 12: ("annotations", "{text}"),
        13: ("ownerReferences", "[OwnerReference]"), 14: ("finalizers", "[text]"),
    },
    "OwnerReference": {
        1: ("kind", "text"), 3: ("name", "text"), 4: ("uid", "text"), 5: ("apiVersion", "text"),
        6: ("controller", "bool"), 7: ("blockOwnerDeletion", "bool"),
    },
    "Secret": {
        1: ("metadata", "ObjectMeta"), 2: ("data", "{bytes}"), 3: ("type", "text"), 4: ("stringData", "{text}"),
        5: ("immutable", "bool"),
    },
    "ConfigMap": {
        1: ("metadata", "ObjectMeta"), 2: ("data", "{text}"), 3: ("binaryData", "{bytes}"), 4: ("immutable", "bool"),
    },
    "Namespace": _object("NamespaceSpec"),
    "NamespaceSpec": {1: ("finalizers", "[text]")},
    "ServiceAccount": {
        1: ("metadata", "ObjectMeta"), 2: ("secrets", "[ObjectReference]"),
        3: ("imagePullSecrets", "[LocalObjectReference]"), 4: ("automountServiceAccountToken", "bool"),
    },
    "ObjectReference": {
        1: ("kind", "text"), 2: ("namespace", "text"), 3: ("name", "text"), 4: ("uid", "text"),
        5: ("apiVersion", "text"), 6: ("resourceVersion", "text"), 7: ("fieldPath", "text"),
    },
    "LocalObjectReference": {1: ("name", "text")},
    "DeleteOptions": {
        1: ("gracePeriodSeconds", "int"), 2: ("preconditions", "Preconditions"), 3: ("orphanDependents", "bool"),
        4: ("propagationPolicy", "text"), 5: ("dryRun", "[text]"),
    },
    "Preconditions": {1: ("uid", "text"), 2: ("resourceVersion", "text")},
    "Scale": _object("ScaleSpec"),
    "ScaleSpec": {1: ("replicas", "int")},
    "TokenRequest": _object("TokenRequestSpec"),
    "TokenRequestSpec": {
        1: ("audiences", "[text]"), 3: ("boundObjectRef", "BoundObjectReference"), 4: ("expirationSeconds", "int?"),
    },
    "BoundObjectReference": {
        1: ("kind", "text"), 2: ("apiVersion", "text"), 3: ("name", "text"), 4: ("uid", "text"),
    },
    "Eviction": {1: ("metadata", "ObjectMeta"), 2: ("deleteOptions", "DeleteOptions")},
    "LabelSelector": {1: ("matchLabels", "{text}"), 2: ("matchExpressions", "[LabelSelectorRequirement]")},
    "LabelSelectorRequirement": {1: ("key", "text"), 2: ("operator", "text"), 3: ("values", "[text]")},
    "Deployment": _object("DeploymentSpec"),
    "DeploymentSpec": {
        1: ("replicas", "int"), 2: ("selector", "LabelSelector"), 3: ("template", "PodTemplateSpec"),
        4: ("strategy", "DeploymentStrategy"), 5: ("minReadySeconds", "int?"), 6: ("revisionHistoryLimit", "int"),
        7: ("paused", "bool?"), 9: ("progressDeadlineSeconds", "int"),
    },
    "DeploymentStrategy": {1: ("type", "text"), 2: ("rollingUpdate", "RollingUpdateDeployment")},
    "RollingUpdateDeployment": {1: ("maxUnavailable", "int-or-text"), 2: ("maxSurge", "int-or-text")},
    "PodTemplateSpec": {1: ("metadata", "ObjectMeta"), 2: ("spec", "PodSpec")},
    "PodSpec": {
        2: ("containers", "[Container]"), 3: ("restartPolicy", "text"), 4: ("terminationGracePeriodSeconds", "int"),
        5: ("activeDeadlineSeconds", "int"), 6: ("dnsPolicy", "text"), 7: ("nodeSelector", "{text}"),
        8: ("serviceAccountName", "text"), 9: ("serviceAccount", "text"), 10: ("nodeName", "text"),
        11: ("hostNetwork", "bool?"), 12: ("hostPID", "bool?"), 13: ("hostIPC", "bool?"),
        15: ("imagePullSecrets", "[LocalObjectReference]"), 16: ("hostname", "text"), 17: ("subdomain", "text"),
        19: ("schedulerName", "text"), 20: ("initContainers", "[Container]"),
    },
    "Container": {
        1: ("name", "text"), 2: ("image", "text"), 3: ("command", "[text]"), 4: ("args", "[text]"),
        5: ("workingDir", "text"), 6: ("ports", "[ContainerPort]"), 7: ("env", "[EnvVar]"),
        8: ("resources", "ResourceRequirements"), 13: ("terminationMessagePath", "text"),
        14: ("imagePullPolicy", "text"), 16: ("stdin", "bool?"), 17: ("stdinOnce", "bool?"), 18: ("tty", "bool?"),
        20: ("terminationMessagePolicy", "text"),
    },
    "ContainerPort": {
        1: ("name", "text"), 2: ("hostPort", "int?"), 3: ("containerPort", "int"), 4: ("protocol", "text"),
        5: ("hostIP", "text"),
    },
    "EnvVar": {1: ("name", "text"), 2: ("value", "text")},
    "ResourceRequirements": {1: ("limits", "{quantity}"), 2: ("requests", "{quantity}")},
    "Service": _object("ServiceSpec"),
    "ServiceSpec": {
        1: ("ports", "[ServicePort]"), 2: ("selector", "{text}"), 3: ("clusterIP", "text"), 4: ("type", "text"),
        5: ("externalIPs", "[text]"), 7: ("sessionAffinity", "text"), 8: ("loadBalancerIP", "text"),
        9: ("loadBalancerSourceRanges", "[text]"), 10: ("externalName", "text"), 11: ("externalTrafficPolicy", "text"),
        12: ("healthCheckNodePort", "int?"), 13: ("publishNotReadyAddresses", "bool?"), 17: ("ipFamilyPolicy", "text"),
        18: ("clusterIPs", "[text]"), 19: ("ipFamilies", "[text]"),
    },
    "ServicePort": {
        1: ("name", "text"), 2: ("protocol", "text"), 3: ("port", "int"), 4: ("targetPort", "int-or-text"),
        5: ("nodePort", "int?"), 6: ("appProtocol", "text"),
    },
    "Ingress": _object("IngressSpec"),
    "IngressSpec": {
        1: ("defaultBackend", "IngressBackend"), 2: ("tls", "[IngressTLS]"), 3: ("rules", "[IngressRule]"),
        4: ("ingressClassName", "text"),
    },
    "IngressTLS": {1: ("hosts", "[text]"), 2: ("secretName", "text")},
    "IngressRule": {1: ("host", "text"), 2: ("", "IngressRuleValue")},
    "IngressRuleValue": {1: ("http", "HTTPIngressRuleValue")},
    "HTTPIngressRuleValue": {1: ("paths", "[HTTPIngressPath]")},
    "HTTPIngressPath": {1: ("path", "text"), 2: ("backend", "IngressBackend"), 3: ("pathType", "text")},
    "IngressBackend": {4: ("service", "IngressServiceBackend")},
    "IngressServiceBackend": {1: ("name", "text"), 2: ("port", "ServiceBackendPort")},
    "ServiceBackendPort": {1: ("name", "text"), 2: ("number", "int?")},
    "Job": _object("JobSpec"),
    "JobSpec": {
        1: ("parallelism", "int"), 2: ("completions", "int"), 3: ("activeDeadlineSeconds", "int"),
        4: ("selector", "LabelSelector"), 5: ("manualSelector", "bool"), 6: ("template", "PodTemplateSpec"),
        7: ("backoffLimit", "int"), 8: ("ttlSecondsAfterFinished", "int"), 9: ("completionMode", "text"),
        10: ("suspend", "bool"),
    },
    "CronJob": _object("CronJobSpec"),
    "CronJobSpec": {
        1: ("schedule", "text"), 2: ("startingDeadlineSeconds", "int"), 3: ("concurrencyPolicy", "text"),
        4: ("suspend", "bool"), 5: ("jobTemplate", "JobTemplateSpec"), 6: ("successfulJobsHistoryLimit", "int"),
        7: ("failedJobsHistoryLimit", "int"), 8: ("timeZone", "text"),
    },
    "JobTemplateSpec": {1: ("metadata", "ObjectMeta"), 2: ("spec", "JobSpec")},
    "Role": {1: ("metadata", "ObjectMeta"), 2: ("rules", "[PolicyRule]")},
    "ClusterRole": {
        1: ("metadata", "ObjectMeta"), 2: ("rules", "[PolicyRule]"), 3: ("aggregationRule", "AggregationRule"),
    },
    "PolicyRule": {
        1: ("verbs", "[text]"), 2: ("apiGroups", "[text]"), 3: ("resources", "[text]"), 4: ("resourceNames", "[text]"),
        5: ("nonResourceURLs", "[text]"),
    },
    "AggregationRule": {1: ("clusterRoleSelectors", "[LabelSelector]")},
    "RoleBinding": {1: ("metadata", "ObjectMeta"), 2: ("subjects", "[Subject]"), 3: ("roleRef", "RoleRef")},
    "ClusterRoleBinding": {1: ("metadata", "ObjectMeta"), 2: ("subjects", "[Subject]"), 3: ("roleRef", "RoleRef")},
    "Subject": {1: ("kind", "text"), 2: ("apiGroup", "text"), 3: ("name", "text"), 4: ("namespace", "text")},
    "RoleRef": {1: ("apiGroup", "text"), 2: ("kind", "text"), 3: ("name", "text")},
    "ResourceQuota": _object("ResourceQuotaSpec"),
    "ResourceQuotaSpec": {1: ("hard", "{quantity}"), 2: ("scopes", "[text]")},
    "PodDisruptionBudget": _object("PodDisruptionBudgetSpec"),
    "PodDisruptionBudgetSpec": {
        1: ("minAvailable", "int-or-text"), 2: ("selector", "LabelSelector"), 3: ("maxUnavailable", "int-or-text"),
    },
    "HorizontalPodAutoscaler": _object("HorizontalPodAutoscalerSpec"),
    "HorizontalPodAutoscalerSpec": {
        1: ("scaleTargetRef", "CrossVersionObjectReference"), 2: ("minReplicas", "int"), 3: ("maxReplicas", "int"),
        4: ("metrics", "[MetricSpec]"),
    },
    "CrossVersionObjectReference": {1: ("kind", "text"), 2: ("name", "text"), 3: ("apiVersion", "text")},
    "MetricSpec": {1: ("type", "text"), 4: ("resource", "ResourceMetricSource")},
    "ResourceMetricSource": {1: ("name", "text"), 2: ("target", "MetricTarget")},
    "MetricTarget": {
        1: ("type", "text"), 2: ("value", "quantity"), 3: ("averageValue", "quantity"),
        4: ("averageUtilization", "int"),
    },
    "PriorityClass": {
        1: ("metadata", "ObjectMeta"), 2: ("value", "int"), 3: ("globalDefault", "bool?"), 4: ("description", "text"),
        5: ("preemptionPolicy", "text"),
    },
}  # fmt: skip
