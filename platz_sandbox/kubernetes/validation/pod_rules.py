"""The rules of Pods and of the Pod templates in workloads.

Source: Kubernetes API reference, PodSpec.
"""

from __future__ import annotations

from platz_sandbox.kubernetes.objects.raw_documents import is_object
from platz_sandbox.kubernetes.validation import formats
from platz_sandbox.kubernetes.validation.checks import (
    between,
    labels,
    one_of,
    required,
    text_of,
    text_or_empty_of,
    unset,
)
from platz_sandbox.kubernetes.validation.container_rules import CONTAINER, INIT_CONTAINER, SECCOMP, identity
from platz_sandbox.kubernetes.validation.metadata_rules import annotation_rules
from platz_sandbox.kubernetes.validation.places import Causes, Place
from platz_sandbox.kubernetes.validation.scheduling_rules import AFFINITY, NODE_SELECTOR, SPREAD, TOLERATION
from platz_sandbox.kubernetes.validation.tables import row, table
from platz_sandbox.kubernetes.validation.volume_rules import VOLUMES

_SYSCTL = r"^([a-z0-9]([-_a-z0-9]*[a-z0-9])?[\./])*[a-z0-9]([-_a-z0-9]*[a-z0-9])?$"
_sysctl_name = formats.Pattern(expression=_SYSCTL, words="", examples=())


def _unique_names(place: Place) -> Causes:
    """No two containers of a Pod may share a name, init containers included."""
    seen: set[str] = set()
    for field in ("containers", "initContainers"):
        for item in place.at(field).items():
            name = item.at("name")
            if not name.missing and name.value in seen:
                yield name.duplicate()
            seen.add(name.value)


def _unique_host_ports(place: Place) -> Causes:
    seen: set[str] = set()
    for field in ("containers", "initContainers"):
        for port in (port for item in place.at(field).items() for port in item.at("ports").items()):
            number = port.at("hostPort")
            taken = f"{port.fields.get('protocol') or 'TCP'}/{port.fields.get('hostIP') or ''}/{number.value}"
            if number.value and taken in seen:
                yield number.duplicate(shown=taken)
            seen.add(taken)


def _dns_config(place: Place) -> Causes:
    config = place.at("dnsConfig")
    if place.at("dnsPolicy").value == "None" and config.missing:
        yield config.required("must provide `dnsConfig` when `dnsPolicy` is None")


def _sysctls(place: Place) -> Causes:
    seen: set[str] = set()
    for name in (item.at("name") for item in place.items()):
        if name.missing:
            yield name.required()
        elif len(name.value) > 253 or not _sysctl_name.fits(name.value):
            yield name.invalid(f"must have at most 253 characters and match regex {_SYSCTL}")
        elif name.value in seen:
            yield name.duplicate()
        seen.add(name.value)


POD_SPEC = table(
    row("volumes", VOLUMES),
    row("containers", required),
    row("containers[*]", CONTAINER),
    row("initContainers[*]", INIT_CONTAINER),
    row("", _unique_names, _unique_host_ports),
    row("restartPolicy", one_of("Always", "OnFailure", "Never")),
    row("dnsPolicy", one_of("ClusterFirstWithHostNet", "ClusterFirst", "Default", "None")),
    row("", _dns_config),
    row("dnsConfig.nameservers[*]", text_of(formats.address)),
    row("nodeSelector", NODE_SELECTOR),
    row("affinity", AFFINITY),
    row("tolerations[*]", TOLERATION),
    row("topologySpreadConstraints", SPREAD),
    row("hostAliases[*].ip", text_or_empty_of(formats.address)),
    row("hostname", text_of(formats.dns_label)),
    row("subdomain", text_of(formats.dns_label)),
    row("serviceAccountName", text_of(formats.dns_subdomain)),
    row("priorityClassName", text_of(formats.dns_subdomain)),
    row("runtimeClassName", text_of(formats.dns_subdomain)),
    row("activeDeadlineSeconds", between(1, 2147483647)),
    row("readinessGates[*].conditionType", text_or_empty_of(formats.qualified_name)),
    row("securityContext.runAsUser", identity),
    row("securityContext.runAsGroup", identity),
    row("securityContext.fsGroup", identity),
    row("securityContext.sysctls", _sysctls),
    row("securityContext.seccompProfile", lambda place: SECCOMP(place) if place.value is not None else ()),
)


def _new_pod(place: Place) -> Causes:
    """A Pod gets its ephemeral containers later, through their own subresource."""
    if "uid" in place.root["metadata"] and "resourceVersion" not in place.root["metadata"]:
        yield from unset("cannot be set on create")(place.at("spec", "ephemeralContainers"))


POD = table(row("spec", required, POD_SPEC), row("", _new_pod))


def pod_template(place: Place) -> Causes:
    """Check a Pod template; what would be refused of its Pods is refused here already."""
    metadata, spec = place.at("metadata"), place.at("spec")
    yield from labels(_renamed(metadata.at("labels"), f"{place.path}.labels"))
    yield from annotation_rules(_renamed(metadata.at("annotations"), f"{place.path}.annotations"))
    if is_object(spec.value):
        yield from POD_SPEC(spec)
    else:
        yield spec.at("containers").required()
    yield from unset("ephemeral containers not allowed in pod template")(spec.at("ephemeralContainers"))


def _renamed(place: Place, path: str) -> Place:
    """Return the place under the path that a real server's message has: without `metadata`."""
    return Place(value=place.value, path=path, root=place.root, above=place.above)
