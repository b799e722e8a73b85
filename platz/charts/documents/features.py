"""Chart features: what a chart asks of Platz, of any version, as one effective form (chart-extensions.md 7).

Invariant: every object is a valid features document, because v0 takes whatever the versioned forms refuse
(1.3); what that loses is told as complaints beside the result, never as an error.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum

from platz.charts.documents.targets import Endpoint
from platz.charts.documents.versions import Version
from platz.charts.reading.decoding import Cursor, Fields, decoded
from platz.charts.reading.problems import Complaint, InvalidDocument
from platz.json import JsonObject, JsonValue

_COMMON_KEYS = ("status", "cardinality", "reinstall_dependencies", "node_selector_paths", "tolerations_paths")
_VERSIONED_ONLY = ("apiVersion", "kind", "spec", "ingress", "display")


class HostnameFormat(StrEnum):
    """What the first label of a deployment's ingress hostname is made of."""

    KIND_AND_NAME = "KindAndName"
    NAME = "Name"


class Cardinality(StrEnum):
    """How many deployments of the kind a cluster may have."""

    MANY = "Many"
    ONE_PER_CLUSTER = "OnePerCluster"


@dataclass(frozen=True, kw_only=True)
class StatusFeature:
    """Where a deployment reports its status."""

    endpoint: Endpoint
    path: str
    refresh_interval_secs: int

    def stored(self) -> JsonObject:
        """Return the stored form."""
        return {
            "endpoint": self.endpoint.value,
            "path": self.path,
            "refresh_interval_secs": self.refresh_interval_secs,
        }


@dataclass(frozen=True, kw_only=True)
class Features:
    """The effective features, whatever the version they were written in."""

    ingress_enabled: bool = False
    hostname_format: HostnameFormat = HostnameFormat.KIND_AND_NAME
    status: StatusFeature | None = None
    cardinality: Cardinality = Cardinality.MANY
    reinstall_dependencies: bool = True
    node_selector_paths: tuple[tuple[str, ...], ...] = ()
    tolerations_paths: tuple[tuple[str, ...], ...] = ()
    display_name: JsonValue = None
    """``"DeploymentName"``, ``{"InputField": {"name": id}}`` or null."""
    display_icon: str | None = None

    def spec(self) -> JsonObject:
        """Return the features in v1beta2's shape."""
        icon: JsonValue = None if self.display_icon is None else {"font_awesome": self.display_icon}
        return {
            "ingress": {"enabled": self.ingress_enabled, "hostname_format": self.hostname_format.value},
            **self._common(),
            "display": {"name": self.display_name, "icon": icon},
        }

    def legacy_spec(self) -> JsonObject:
        """Return the features in the shape of v0 and v1beta1."""
        return {"standard_ingress": self.ingress_enabled, **self._common()}

    def _common(self) -> JsonObject:
        return {
            "status": None if self.status is None else self.status.stored(),
            "cardinality": self.cardinality.value,
            "reinstall_dependencies": self.reinstall_dependencies,
            "node_selector_paths": [list(path) for path in self.node_selector_paths],
            "tolerations_paths": [list(path) for path in self.tolerations_paths],
        }


@dataclass(frozen=True, kw_only=True)
class FeaturesDocument:
    """A parsed features document."""

    version: Version
    features: Features
    ignored: tuple[Complaint, ...] = ()
    """Why a document that looks versioned was taken as v0, and what of it is ignored."""

    def stored(self) -> JsonObject:
        """Return the stored form (7.3)."""
        match self.version:
            case Version.V0:
                return self.features.legacy_spec()
            case Version.V1BETA1:
                return {**self.version.header("Features"), "spec": self.features.legacy_spec()}
            case Version.V1BETA2:
                return {**self.version.header("Features"), "spec": self.features.spec()}


def parse_features(document: JsonValue) -> FeaturesDocument:
    """Read a features document, stored or as a chart ships it; raise `InvalidDocument`."""
    api_version = document.get("apiVersion") if isinstance(document, dict) else None
    refused: tuple[Complaint, ...] = ()
    for version, read in ((Version.V1BETA2, _read_v1beta2), (Version.V1BETA1, _read_v1beta1)):
        if api_version == version.api_version:
            try:
                return FeaturesDocument(version=version, features=decoded(document, read))
            except InvalidDocument as error:
                refused = tuple(map(_spec_ignored, error.complaints))
    features = decoded(document, _read_v0)
    return FeaturesDocument(version=Version.V0, features=features, ignored=refused or _unversioned(document))


def effective_features(stored: JsonValue) -> Features:
    """Return the features of a chart from its stored document, or from none.

    A chart without the document does not reinstall users; an empty document does (6.2).
    """
    return Features(reinstall_dependencies=False) if stored is None else parse_features(stored).features


def _read_v1beta2(cursor: Cursor) -> Features:
    spec = _spec(cursor, Version.V1BETA2, "ingress", "display")
    enabled, hostname_format = spec.get("ingress", _ingress, (False, HostnameFormat.KIND_AND_NAME))
    name, icon = spec.get("display", _display, (None, None))
    return _features(spec, enabled, hostname_format=hostname_format, name=name, icon=icon)


def _read_v1beta1(cursor: Cursor) -> Features:
    spec = _spec(cursor, Version.V1BETA1, "standard_ingress")
    return _features(spec, spec.get("standard_ingress", Cursor.flag, default=False))


def _read_v0(cursor: Cursor) -> Features:
    fields = cursor.fields("standard_ingress", *_COMMON_KEYS)
    return _features(fields, fields.get("standard_ingress", Cursor.flag, default=False))


def _spec(cursor: Cursor, version: Version, *keys: str) -> Fields:
    fields = cursor.fields("apiVersion", "kind", "spec")
    fields.header(version.api_version, "Features")
    return fields.need("spec").fields(*keys, *_COMMON_KEYS)


def _features(
    fields: Fields,
    ingress_enabled: bool,
    *,
    hostname_format: HostnameFormat = HostnameFormat.KIND_AND_NAME,
    name: JsonValue = None,
    icon: str | None = None,
) -> Features:
    return Features(
        ingress_enabled=ingress_enabled,
        hostname_format=hostname_format,
        status=fields.nullable("status", _status),
        cardinality=fields.get("cardinality", lambda cursor: cursor.choice(Cardinality), Cardinality.MANY),
        reinstall_dependencies=fields.get("reinstall_dependencies", Cursor.flag, default=True),
        node_selector_paths=fields.get("node_selector_paths", _paths, ()),
        tolerations_paths=fields.get("tolerations_paths", _paths, ()),
        display_name=name,
        display_icon=icon,
    )


def _ingress(cursor: Cursor) -> tuple[bool, HostnameFormat]:
    fields = cursor.fields("enabled", "hostname_format")
    default = HostnameFormat.KIND_AND_NAME
    hostname_format = fields.get("hostname_format", lambda choice: choice.choice(HostnameFormat), default)
    return fields.need("enabled").flag(), hostname_format


def _display(cursor: Cursor) -> tuple[JsonValue, str | None]:
    fields = cursor.fields("name", "icon", exact=True)
    return fields.nullable("name", _display_name), fields.nullable("icon", _icon)


def _display_name(cursor: Cursor) -> JsonValue:
    if cursor.value == "DeploymentName":
        return cursor.value
    input_field = cursor.fields("InputField", exact=True).need("InputField").fields("name", exact=True)
    return {"InputField": {"name": input_field.need("name").text()}}


def _icon(cursor: Cursor) -> str:
    return cursor.fields("font_awesome", exact=True).need("font_awesome").text()


def _status(cursor: Cursor) -> StatusFeature:
    fields = cursor.fields("endpoint", "path", "refresh_interval_secs")
    return StatusFeature(
        endpoint=fields.need("endpoint").choice(Endpoint),
        path=fields.need("path").text(),
        refresh_interval_secs=fields.need("refresh_interval_secs").count(),
    )


def _paths(cursor: Cursor) -> tuple[tuple[str, ...], ...]:
    return tuple(path.texts() for path in cursor.items())


def _spec_ignored(complaint: Complaint) -> Complaint:
    """Say what a mistake in a versioned document leads to."""
    message = f"The file is read as v0, so that all under spec is ignored, because: {complaint.message}"
    return replace(complaint, message=message)


def _unversioned(document: JsonValue) -> tuple[Complaint, ...]:
    """Complain about keys that only mean something under a header that is missing or unknown."""
    keys = [key for key in _VERSIONED_ONLY if isinstance(document, dict) and key in document]
    if not keys:
        return ()
    known = " or ".join(version.api_version for version in (Version.V1BETA2, Version.V1BETA1))
    return (
        Complaint(
            place=(keys[0],),
            message=(
                f"The file is read as v0, which ignores {', '.join(keys)}, because its apiVersion is not {known}."
            ),
            remedy="Write apiVersion, kind: Features, and the features under spec.",
        ),
    )
