"""The rules of CustomResourceDefinitions: names, versions, columns, subresources, conversion.

Source: Kubernetes API reference, CustomResourceDefinitionSpec.
"""

from __future__ import annotations

import re

from platz_sandbox.kubernetes.objects.raw_documents import dig
from platz_sandbox.kubernetes.validation import formats
from platz_sandbox.kubernetes.validation.checks import one_of, required, text_of
from platz_sandbox.kubernetes.validation.custom.structural_schemas import broken_schema
from platz_sandbox.kubernetes.validation.places import Causes, Place
from platz_sandbox.kubernetes.validation.tables import Check, row, table

_APPROVAL = "api-approved.kubernetes.io"
_PROTECTED = re.compile(r"(^|\.)(k8s\.io|kubernetes\.io)$")
_COLUMN_TYPES = ("boolean", "date", "integer", "number", "string")
_SIMPLE_PATH = re.compile(r"(\.[\w\-$]+|\[[^\]]*\]|\.\*|\\\.[\w\-/]+)+")
_ONE_STORAGE = "must have exactly one version marked as storage version"
_KEEPS = (
    "cannot set to true, set x-kubernetes-preserve-unknown-fields to true in spec.versions[*].schema instead"
)


def _name(place: Place) -> Causes:
    spec, name = place.at("spec"), place.at("metadata", "name")
    group, plural = spec.at("group"), spec.at("names", "plural")
    if name.value != f"{plural.value}.{group.value}":
        yield name.invalid('must be spec.names.plural+"."+spec.group')
    if group.missing:
        yield group.required()
    elif told := formats.dns_subdomain(group.value):
        yield from (group.invalid(said) for said in told)
    elif "." not in group.value:
        yield group.invalid("should be a domain with at least one dot")
    approval = place.at("metadata", "annotations").key(_APPROVAL)
    if _PROTECTED.search(str(group.value)) and approval.missing:
        told = f'protected groups must have approval annotation "{_APPROVAL}", see'
        yield approval.required(f"{told} https://github.com/kubernetes/enhancements/pull/1111")


def _names(place: Place) -> Causes:
    for name in ("plural", "singular"):
        field = place.at(name)
        yield from required(field)
        yield from text_of(formats.old_dns_label)(field)
    for name in ("kind", "listKind"):
        field = place.at(name)
        yield from required(field)
        mixed = "may have mixed case, but should otherwise match: "
        yield from (
            field.invalid(mixed + told) for told in formats.old_dns_label(str(field.value or "a").lower())
        )
    if not place.at("kind").missing and place.at("kind").value == place.at("listKind").value:
        yield place.at("listKind").invalid("kind and listKind may not be the same")


def _versions(place: Place) -> Causes:
    names = [item.fields.get("name") for item in place.items()]
    stored = [item.fields.get("name") for item in place.items() if item.fields.get("storage")]
    status = Place(value=stored[:1] or None, path="status.storedVersions", root=place.root)
    if len(set(names)) != len(names):
        yield place.invalid("must contain unique version names")
    if len(stored) != 1:
        yield place.invalid(_ONE_STORAGE, shown=place.value or [])
    if len(stored) > 1:
        yield status.invalid(f"must have the storage version {stored[-1]}")
    if not names:
        yield status.invalid("must have at least one stored version")


def _version_names(place: Place) -> Causes:
    bad = [
        (item.at("name"), told)
        for item in place.items()
        for told in formats.old_dns_label(item.fields.get("name") or "")
    ]
    yield from (name.invalid(told) for name, told in bad)
    first = (
        Place(value=dig(place.items()[0].value, "name"), path="spec.version", root=place.root)
        if bad
        else None
    )
    if first and bad[0][0].path.startswith("spec.versions[0]"):
        yield first.invalid(bad[0][1])


def _of_versions(field: str, called: str, check: Check) -> Check:
    """Check a field of every version; what all versions share is told once, where older APIs had it."""

    def checked(place: Place) -> Causes:
        values = [item.at(*field.split(".")) for item in place.items()]
        if all(value.value == values[0].value for value in values):
            values = [Place(value=values[0].value, path=f"spec.{called}", root=place.root)] if values else []
        yield from (cause for value in values for cause in check(value))

    return checked


def _schemas(place: Place) -> Causes:
    for item in place.items():
        schema = item.at("schema", "openAPIV3Schema")
        if schema.missing:
            yield schema.required()
            return
    yield from _of_versions("schema.openAPIV3Schema", "validation.openAPIV3Schema", broken_schema)(place)


def _columns(place: Place) -> Causes:
    for item in place.items():
        name, kind, path = item.at("name"), item.at("type"), item.at("jsonPath")
        told = Place(value=path.value, path=f"{item.path}.JSONPath", root=place.root)
        yield from required(name)
        if kind.missing:
            yield kind.required(f"must be one of {','.join(_COLUMN_TYPES)}")
        elif kind.value not in _COLUMN_TYPES:
            yield kind.invalid(f"must be one of {','.join(_COLUMN_TYPES)}")
        if path.missing:
            yield told.required()
        elif not _SIMPLE_PATH.fullmatch(path.value):
            yield told.invalid("must be a simple json path starting with .")


def _scale(place: Place) -> Causes:
    scale = place.at("scale")
    if scale.value is None:
        return
    for name, around in (("specReplicasPath", ".spec"), ("statusReplicasPath", ".status")):
        path = scale.at(name)
        if path.missing:
            yield path.required()
        elif not path.value.startswith(f"{around}."):
            yield path.invalid(f"should be a json path under {around}")


def _conversion(place: Place) -> Causes:
    if place.value is None:
        return
    yield from one_of("None", "Webhook")(place.at("strategy"))
    if place.at("strategy").value == "Webhook":
        if place.at("webhook", "clientConfig").value is None:
            yield place.at("webhookClientConfig").required("required when strategy is set to Webhook")
        if place.at("webhook", "conversionReviewVersions").missing:
            yield place.at("conversionReviewVersions").required()


def _keeps_unknown(place: Place) -> Causes:
    if place.value:
        yield place.invalid(_KEEPS)


DEFINITION = table(
    row("", _name),
    row("spec.names", _names),
    row("spec.scope", required, one_of("Cluster", "Namespaced")),
    row("spec.versions", _version_names, _versions, _schemas),
    row("spec.versions", _of_versions("additionalPrinterColumns", "additionalPrinterColumns", _columns)),
    row("spec.versions", _of_versions("subresources", "subresources", _scale)),
    row("spec.conversion", _conversion),
    row("spec.preserveUnknownFields", _keeps_unknown),
)
