"""The rules of `metadata`: names by kind, labels, annotations, finalizers, owners.

Source: Kubernetes "Object Names and IDs", "Labels and Selectors", "Finalizers", "Owners and Dependents".
"""

from __future__ import annotations

from collections.abc import Mapping

from platz_sandbox.kubernetes.objects.raw_documents import KubeObject
from platz_sandbox.kubernetes.objects.served_kinds import Kind
from platz_sandbox.kubernetes.validation import formats
from platz_sandbox.kubernetes.validation.checks import labels
from platz_sandbox.kubernetes.validation.formats import Format
from platz_sandbox.kubernetes.validation.places import Causes, Place, whole
from platz_sandbox.kubernetes.validation.tables import row, table

_MAX_ANNOTATION_BYTES = 256 * 1024
_STANDARD_FINALIZERS = frozenset({"foregroundDeletion", "orphan", "kubernetes"})
_ROLES = tuple(
    f"{plural}.rbac.authorization.k8s.io"
    for plural in ("roles", "rolebindings", "clusterroles", "clusterrolebindings")
)


def _namespace_name(text: str) -> list[str]:
    return ["must not contain dots"] if "." in text else formats.dns_label(text)


def _at_most(most: int) -> Format:
    """Return the format of names from which longer names are made: those of a CronJob's Jobs, say."""

    def check(text: str) -> list[str]:
        long = [f"must be no more than {most} characters"] if len(text) > most else []
        return [*formats.dns_subdomain(text), *long]

    return check


_NAMES: Mapping[str, Format] = {
    "namespaces": _namespace_name,
    "services": formats.dns_label,
    "statefulsets.apps": formats.dns_label,
    "cronjobs.batch": _at_most(52),
    **dict.fromkeys(_ROLES, formats.path_segment),
}


def broken_metadata(kind: Kind, document: KubeObject) -> Causes:
    """Yield every broken rule of an object's metadata."""
    metadata = whole(document).at("metadata")
    yield from _name(kind, metadata.at("name"))
    yield from _METADATA(metadata)


def _name(kind: Kind, name: Place) -> Causes:
    if name.missing:
        yield name.required("name or generateName is required")
        return
    for told in _NAMES.get(kind.resource, formats.dns_subdomain)(name.value):
        yield name.invalid(told)


def annotation_rules(place: Place) -> Causes:
    """The keys must be qualified names, and all together not too large."""
    for key in place.fields:
        yield from (place.invalid(told, shown=key) for told in formats.lower_case_qualified_name(key))
    total = sum(len(key.encode()) + len(str(value).encode()) for key, value in place.fields.items())
    if total > _MAX_ANNOTATION_BYTES:
        yield place.too_long(_MAX_ANNOTATION_BYTES)


def _finalizers(place: Place) -> Causes:
    for item in place.items():
        yield from (place.invalid(told, shown=item.value) for told in formats.qualified_name(str(item.value)))
        if "/" not in str(item.value) and item.value not in _STANDARD_FINALIZERS:
            yield item.invalid("name is neither a standard finalizer name nor is it fully qualified")


def _owners(place: Place) -> Causes:
    for item in place.items():
        group, _, version = str(item.fields.get("apiVersion") or "").rpartition("/")
        if not version:
            yield place.at("apiVersion").invalid(
                "version must not be empty", shown=item.fields.get("apiVersion") or ""
            )
        for key in ("kind", "name", "uid"):
            if not item.fields.get(key):
                yield place.at(key).invalid("must not be empty", shown="")
        if (group, item.fields.get("kind")) in {("", "Event"), ("events.k8s.io", "Event")}:
            yield place.invalid(
                f"{group}/{version}, Kind=Event is disallowed from being an owner", shown=item.value
            )
    controllers = [f"{item.fields.get('kind')}/{item.fields.get('name')}" for item in place.items()
                   if item.fields.get("controller")]  # fmt: skip
    if len(controllers) > 1:
        told = 'Only one reference can have Controller set to true. Found "true" in references for '
        yield place.invalid(told + " and ".join(controllers[:2]))


_METADATA = table(
    row("labels", labels),
    row("annotations", annotation_rules),
    row("ownerReferences", _owners),
    row("finalizers", _finalizers),
)
