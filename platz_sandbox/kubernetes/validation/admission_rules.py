"""The rules of admission webhooks and admission policies, and of API services.

Source: Kubernetes API reference, admissionregistration.k8s.io/v1 and apiregistration.k8s.io/v1.
"""

from __future__ import annotations

from urllib.parse import urlsplit

from platz_sandbox.kubernetes.validation import formats
from platz_sandbox.kubernetes.validation.checks import (
    between,
    label_selector,
    one_of,
    required,
    required_because,
    unique,
)
from platz_sandbox.kubernetes.validation.custom.rule_language import BadExpression, parse
from platz_sandbox.kubernetes.validation.places import Causes, Place
from platz_sandbox.kubernetes.validation.tables import row, table

_VERSIONS = ("v1", "v1beta1")
_OPERATIONS = ("*", "CONNECT", "CREATE", "DELETE", "UPDATE")
_SEGMENTS = 3
_HTTPS = "'https' is the only allowed URL scheme; desired format: https://host[/path]"


def _full_name(place: Place) -> Causes:
    if place.missing:
        yield place.required()
        return
    told = formats.dns_subdomain(place.value)
    yield from (place.invalid(said) for said in told)
    if not told and len(place.value.split(".")) < _SEGMENTS:
        yield place.invalid("should be a domain with at least three segments separated by dots")


def _review_versions(place: Place) -> Causes:
    if place.missing:
        yield place.required(f"must specify one of {', '.join(_VERSIONS)}")
    elif not set(place.value) & set(_VERSIONS):
        yield place.invalid(f"must include at least one of {', '.join(_VERSIONS)}")


def client(place: Place) -> Causes:
    """Check how a webhook is reached: by a URL or through a Service."""
    url, service = place.at("url"), place.at("service")
    if (url.value is None) == (service.value is None):
        yield place.required("exactly one of url or service is required")
    elif service.value is not None:
        yield from (cause for name in ("name", "namespace") for cause in required(service.at(name)))
    else:
        parts = urlsplit(str(url.value))
        if parts.scheme != "https":
            yield url.invalid(_HTTPS, shown=parts.scheme)
        if not parts.netloc:
            yield url.invalid("host must be specified; desired format: https://host[/path]", shown="")


def expression(place: Place) -> Causes:
    """A CEL expression must be there and have the grammar of CEL."""
    if place.missing:
        yield place.required("expression is not specified")
        return
    try:
        parse(place.value)
    except BadExpression as error:
        yield place.invalid(f"compilation failed: ERROR: {error}")


_RULES = (
    row("apiGroups", required),
    row("apiVersions", required),
    row("resources", required),
    row("operations", required),
    row("operations[*]", one_of(*_OPERATIONS)),
)
_TIMEOUT = between(1, 30, "the timeout value must be between 1 and 30 seconds")
WEBHOOKS = table(
    row("webhooks", unique("name")),
    row("webhooks[*].name", _full_name),
    row("webhooks[*].rules[*]", table(*_RULES)),
    row("webhooks[*].failurePolicy", one_of("Fail", "Ignore")),
    row("webhooks[*].matchPolicy", one_of("Equivalent", "Exact")),
    row(
        "webhooks[*].sideEffects",
        required_because("must specify one of None, NoneOnDryRun"),
        one_of("None", "NoneOnDryRun"),
    ),
    row("webhooks[*].timeoutSeconds", _TIMEOUT),
    row("webhooks[*].namespaceSelector", label_selector),
    row("webhooks[*].objectSelector", label_selector),
    row("webhooks[*].clientConfig", client),
    row("webhooks[*].admissionReviewVersions", _review_versions),
    row("webhooks[*].matchConditions[*].name", required),
    row("webhooks[*].matchConditions[*].expression", expression),
)


def _something_to_do(place: Place) -> Causes:
    if place.at("validations").missing and place.at("auditAnnotations").missing:
        told = "validations or auditAnnotations must contain at least one item"
        yield place.at("validations").required(told)
        yield place.at("auditAnnotations").required(told)


_CONSTRAINTS = (
    row("spec.matchConstraints", required),
    row("spec.matchConstraints.resourceRules", required),
    row("spec.matchConstraints.resourceRules[*]", table(*_RULES)),
    row("spec.failurePolicy", one_of("Fail", "Ignore")),
    row("spec.matchConditions[*].expression", expression),
    row("spec.variables[*].expression", expression),
)
POLICY = table(
    *_CONSTRAINTS, row("spec", _something_to_do), row("spec.validations[*].expression", expression)
)
MUTATING_POLICY = table(
    *_CONSTRAINTS,
    row("spec.mutations", required),
    row("spec.reinvocationPolicy", required, one_of("IfNeeded", "Never")),
    row("spec.mutations[*].patchType", required, one_of("ApplyConfiguration", "JSONPatch")),
    row("spec.mutations[*].applyConfiguration.expression", expression),
    row("spec.mutations[*].jsonPatch.expression", expression),
)


def _actions(place: Place) -> Causes:
    if place.missing:
        yield place.required("at least one validation action is required")
        return
    yield from (cause for item in place.items() for cause in one_of("Audit", "Deny", "Warn")(item))
    if {"Deny", "Warn"} <= set(place.value):
        told = "must not contain both Deny and Warn (repeating the same validation failure information in the API"
        yield place.invalid(f"{told} response and headers serves no purpose)")


BINDING = table(row("spec.policyName", required), row("spec.validationActions", _actions))
MUTATING_BINDING = table(row("spec.policyName", required))


def _api_service_name(place: Place) -> Causes:
    spec = place.at("spec").fields
    wanted = f"{spec.get('version')}.{spec.get('group')}"
    if place.at("metadata", "name").value != wanted:
        told = f'must be `spec.version+"."+spec.group`: {wanted!r}'.replace("'", '"')
        yield place.at("metadata", "name").invalid(told)


API_SERVICE = table(
    row("", _api_service_name),
    row("spec.groupPriorityMinimum", between(1, 20000, "must be positive and less than 20000")),
    row("spec.versionPriority", between(1, 1000, "must be positive and less than 1000")),
    row("spec.service.name", required),
    row("spec.service.namespace", required),
)
