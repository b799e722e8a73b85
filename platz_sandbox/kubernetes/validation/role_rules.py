"""The rules of roles and of their bindings.

Source: Kubernetes "Using RBAC Authorization"; API reference, rbac.authorization.k8s.io/v1.
"""

from __future__ import annotations

from platz_sandbox.kubernetes.validation import formats
from platz_sandbox.kubernetes.validation.checks import label_selector, required, required_because
from platz_sandbox.kubernetes.validation.places import Causes, Place
from platz_sandbox.kubernetes.validation.tables import Check, row, table

_GROUP = "rbac.authorization.k8s.io"


def _rule(*, namespaced: bool) -> Check:
    def check(place: Place) -> Causes:
        yield from required_because("verbs must contain at least one value")(place.at("verbs"))
        urls = place.at("nonResourceURLs")
        groups, resources = place.at("apiGroups"), place.at("resources")
        if not urls.missing and namespaced:
            yield urls.invalid("namespaced rules cannot apply to non-resource URLs")
        elif not urls.missing:
            if not (groups.missing and resources.missing and place.at("resourceNames").missing):
                yield urls.invalid("rules cannot apply to both regular resources and non-resource URLs")
        else:
            yield from required_because("resource rules must supply at least one api group")(groups)
            yield from required_because("resource rules must supply at least one resource")(resources)

    return check


def _aggregated(place: Place) -> Causes:
    broken = list(label_selector(place))
    yield from broken
    if broken:
        yield place.invalid("invalid label selector.", shown=None)


ROLE = table(row("rules[*]", _rule(namespaced=True)))
CLUSTER_ROLE = table(
    row("rules[*]", _rule(namespaced=False)), row("aggregationRule.clusterRoleSelectors[*]", _aggregated)
)


def _role(*kinds: str) -> Check:
    def check(place: Place) -> Causes:
        group, kind, name = place.at("apiGroup"), place.at("kind"), place.at("name")
        if group.value not in {None, _GROUP}:
            yield group.unsupported((_GROUP,))
        if kind.value not in kinds:
            yield kind.unsupported(kinds, shown=kind.value or "")
        if name.missing:
            yield name.required()
        else:
            yield from (name.invalid(told) for told in formats.path_segment(name.value))

    return check


def _subject(place: Place) -> Causes:
    kind, group = place.at("kind"), place.at("apiGroup")
    yield from required(place.at("name"))
    match kind.value:
        case "ServiceAccount":
            yield from (cause for cause in _account(place))
            if group.value:
                yield group.unsupported(("",))
        case "User" | "Group":
            if group.value != _GROUP:
                yield group.unsupported((_GROUP,))
        case _:
            yield kind.unsupported(("ServiceAccount", "User", "Group"))


def _account(place: Place) -> Causes:
    name, namespace = place.at("name"), place.at("namespace")
    if not name.missing:
        yield from (name.invalid(told) for told in formats.dns_subdomain(name.value))
    yield from required(namespace)


ROLE_BINDING = table(row("roleRef", _role("Role", "ClusterRole")), row("subjects[*]", _subject))
CLUSTER_ROLE_BINDING = table(row("roleRef", _role("ClusterRole")), row("subjects[*]", _subject))
