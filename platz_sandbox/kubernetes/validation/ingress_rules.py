"""The rules of Ingresses and IngressClasses.

Source: Kubernetes API reference, IngressSpec; Kubernetes "Ingress" (path types, hostname wildcards).
"""

from __future__ import annotations

from platz_sandbox.kubernetes.objects.raw_documents import annotation
from platz_sandbox.kubernetes.validation import formats
from platz_sandbox.kubernetes.validation.checks import at_most_bytes, one_of, port_number, required, text_of
from platz_sandbox.kubernetes.validation.places import Causes, Place
from platz_sandbox.kubernetes.validation.tables import row, table

_CLASS_ANNOTATION = "kubernetes.io/ingress.class"
_PATH_TYPES = ("Exact", "ImplementationSpecific", "Prefix")
_NEVER_INSIDE = ("//", "/./", "/../", "%2f", "%2F")
_NEVER_LAST = ("/..", "/.")
_MAX_CONTROLLER_BYTES = 250


def _backend(place: Place) -> Causes:
    if place.value is None:
        return
    service, resource = place.at("service"), place.at("resource")
    if service.value is not None and resource.value is not None:
        yield place.invalid("cannot set both resource and service backends", shown="")
    elif service.value is None and resource.value is None:
        yield place.invalid("resource or service backend is required", shown="")
    elif service.value is not None:
        yield from _service_backend(place, service)


def _service_backend(place: Place, service: Place) -> Causes:
    name, port = service.at("name"), service.at("port")
    yield from required(name)
    yield from text_of(formats.dns_label)(name)
    named, numbered = not port.at("name").missing, bool(port.at("number").value)
    if named and numbered:
        yield place.invalid("cannot set both port name & port number", shown="")
    elif named:
        yield from text_of(formats.port_name)(port.at("name"))
    elif numbered:
        yield from port_number(port.at("number"))
    else:
        yield place.required("port name or number is required")


def _path(place: Place) -> Causes:
    kind, path = place.at("pathType"), place.at("path")
    text = str(path.value or "")
    if kind.value is None:
        yield kind.required("pathType must be specified")
    elif kind.value not in _PATH_TYPES:
        yield kind.unsupported(_PATH_TYPES)
    elif kind.value == "ImplementationSpecific":
        if text and not text.startswith("/"):
            yield path.invalid("must be an absolute path")
    elif not text.startswith("/"):
        yield path.invalid("must be an absolute path", shown=text)
    else:
        yield from (path.invalid(f"must not contain '{part}'") for part in _NEVER_INSIDE if part in text)
        yield from (path.invalid(f"cannot end with '{end}'") for end in _NEVER_LAST if text.endswith(end))
    yield from _backend(place.at("backend") if place.at("backend").value is not None else _empty(place))


def _empty(place: Place) -> Place:
    return Place(value={}, path=f"{place.path}.backend", root=place.root, above=place)


def _host(place: Place) -> Causes:
    text = str(place.value or "")
    if not text:
        return
    if formats.is_address(text):
        yield place.invalid("must be a DNS name, not an IP address")
        return
    form = formats.wildcard_subdomain if "*" in text else formats.dns_subdomain
    yield from (place.invalid(told) for told in form(text))


def _rules_or_default(place: Place) -> Causes:
    if place.at("rules").missing and place.at("defaultBackend").value is None:
        yield place.invalid("either `defaultBackend` or `rules` must be specified", shown=None)


def _class(place: Place) -> Causes:
    """A class by annotation, as before version 1, must be the class by name where both are given."""
    old = annotation(place.root, _CLASS_ANNOTATION)
    if place.value and old and old != place.value:
        told = Place(value=old, path=f"annotations.{_CLASS_ANNOTATION}", root=place.root)
        yield told.invalid("must match `ingressClassName` when both are specified")
    yield from text_of(formats.dns_subdomain)(place)


INGRESS = table(
    row("spec", _rules_or_default),
    row("spec.rules[*].host", _host),
    row("spec.rules[*].http.paths", required),
    row("spec.rules[*].http.paths[*]", _path),
    row("spec.defaultBackend", _backend),
    row("spec.tls[*].hosts[*]", _host),
    row("spec.tls[*].secretName", text_of(formats.dns_subdomain)),
    row("spec.ingressClassName", _class),
)


def _controller(place: Place) -> Causes:
    domain, slash, path = str(place.value or "").partition("/")
    if not place.value:
        yield place.required()
    elif not slash or not domain or not path:
        yield place.invalid('must be a domain-prefixed path (such as "acme.io/foo")')
    else:
        yield from (place.invalid(told, shown=domain) for told in formats.dns_subdomain(domain))


INGRESS_CLASS = table(
    row("spec.controller", _controller, at_most_bytes(_MAX_CONTROLLER_BYTES)),
    row("spec.parameters.kind", required),
    row("spec.parameters.name", required),
    row("spec.parameters.scope", one_of("Cluster", "Namespace")),
)
