"""Chart features: what a chart asks of Platz, in one form for all versions.

Invariant: a document that a versioned form refuses is read as v0, which ignores unknown keys. What is lost that way
is reported as complaints beside the result, never as an error.

Source: docs/contract/chart-extensions.md, "Features".

Source: docs/contract/chart-extensions.md, "Detection of the version".
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Literal, TypeAlias

from platz.charts.documents.targets import ENDPOINT, Endpoint
from platz.charts.documents.versions import V1BETA1_HEADER, V1BETA2_HEADER, Version, kind_header
from platz.charts.reading.codecs import (
    COUNT,
    FLAG,
    TEXT,
    Codec,
    any_of,
    choice_of,
    defined,
    exactly,
    list_of,
)
from platz.charts.reading.decoding import Cursor, decoded
from platz.charts.reading.document_objects import DocumentObject, object_of
from platz.charts.reading.members import added_in, known_in, nullable, optional, required
from platz.charts.reading.problems import Complaint, InvalidDocument
from platz.json import JsonObject, JsonValue


class HostnameFormat(StrEnum):
    """How the first label of a deployment's host name is formed."""

    KIND_AND_NAME = "KindAndName"
    NAME = "Name"


class Cardinality(StrEnum):
    """How many deployments of the kind a cluster may have."""

    MANY = "Many"
    ONE_PER_CLUSTER = "OnePerCluster"


class InjectedKey(StrEnum):
    """The top-level values that Platz adds on its own."""

    PLATZ = "platz"
    SHIRA = "shira"
    NODE_SELECTOR = "nodeSelector"
    TOLERATIONS = "tolerations"
    INGRESS = "ingress"
    CONFIG = "config"


class OutsideChanges(StrEnum):
    """What an upgrade does with fields that somebody else changed in the cluster."""

    TAKE_OVER = "TakeOver"
    REFUSE = "Refuse"


class Ingress(DocumentObject, name="ChartExtIngress"):
    """Whether and how the deployment is reached from outside."""

    enabled: bool = required(FLAG)
    hostname_format: HostnameFormat = optional(
        choice_of(HostnameFormat, name="ChartExtIngressHostnameFormat"), absent=HostnameFormat.KIND_AND_NAME
    )


class StatusFeature(DocumentObject, name="ChartExtFeatureStatus"):
    """Where the deployment reports its status."""

    endpoint: Endpoint = required(ENDPOINT)
    path: str = required(TEXT)
    refresh_interval_secs: int = required(COUNT)


class InputName(DocumentObject, name="ChartExtDeploymentDisplayNameInputField"):
    """The input whose value names the deployment."""

    name: str = required(TEXT)


class NamedByInput(DocumentObject, name="ChartExtDeploymentDisplayNameOfInput"):
    """A name that is the value of an input."""

    input_field: InputName = required(object_of(InputName, exact=True), key="InputField")


ByDeploymentName: TypeAlias = Literal["DeploymentName"]
_BY_DEPLOYMENT_NAME: ByDeploymentName = "DeploymentName"
_NAMED_BY_INPUT = object_of(NamedByInput, exact=True)


def _read_display_name(cursor: Cursor) -> ByDeploymentName | NamedByInput:
    return _BY_DEPLOYMENT_NAME if cursor.value == _BY_DEPLOYMENT_NAME else _NAMED_BY_INPUT.read(cursor)


def _store_display_name(name: ByDeploymentName | NamedByInput) -> JsonValue:
    return name.stored() if isinstance(name, NamedByInput) else name


_DISPLAY_NAME: Codec[ByDeploymentName | NamedByInput] = Codec(
    read=_read_display_name,
    store=_store_display_name,
    schema=any_of(exactly(_BY_DEPLOYMENT_NAME).schema, _NAMED_BY_INPUT.schema),
)


class Icon(DocumentObject, name="ChartExtDeploymentDisplayIcon"):
    """A FontAwesome icon."""

    font_awesome: str = required(TEXT)


class Display(DocumentObject, name="ChartExtDeploymentDisplay"):
    """How deployments are shown."""

    name: ByDeploymentName | NamedByInput | None = nullable(_DISPLAY_NAME)
    icon: Icon | None = nullable(object_of(Icon, exact=True))


_NO_INGRESS = Ingress(enabled=False, hostname_format=HostnameFormat.KIND_AND_NAME)
_NO_DISPLAY = Display(name=None, icon=None)
_LEGACY = {Version.V0, Version.V1BETA1}
_PATHS = list_of(list_of(TEXT))


class Features(DocumentObject, name="ChartExtFeaturesSpec"):
    """What the chart asks of Platz; version 0 and v1beta1 have `standard_ingress` instead of `ingress`."""

    ingress: Ingress | None = known_in({Version.V1BETA2}, object_of(Ingress), absent=_NO_INGRESS)
    display: Display | None = known_in({Version.V1BETA2}, object_of(Display, exact=True), absent=_NO_DISPLAY)
    standard_ingress: bool | None = known_in(_LEGACY, FLAG, absent=False)
    status: StatusFeature | None = nullable(object_of(StatusFeature))
    cardinality: Cardinality = optional(
        choice_of(Cardinality, name="ChartExtCardinality"), absent=Cardinality.MANY
    )
    reinstall_dependencies: bool = optional(FLAG, absent=True)
    node_selector_paths: tuple[tuple[str, ...], ...] = optional(_PATHS, absent=())
    tolerations_paths: tuple[tuple[str, ...], ...] = optional(_PATHS, absent=())
    injected_values: tuple[InjectedKey, ...] | None = added_in(
        {Version.V1BETA2}, list_of(choice_of(InjectedKey))
    )
    """What Platz may add to the values; None means all that the chart can take."""
    outside_changes: OutsideChanges | None = added_in(
        {Version.V1BETA2}, choice_of(OutsideChanges, name="ChartExtOutsideChanges")
    )

    @property
    def ingress_enabled(self) -> bool:
        """Whether the deployment is reached from outside, in any version."""
        return self.ingress.enabled if self.ingress else self.standard_ingress is True

    @property
    def hostname_format(self) -> HostnameFormat:
        """How the host name is formed, in any version."""
        return (self.ingress or _NO_INGRESS).hostname_format


_V0 = object_of(Features, version=Version.V0, name="ChartExtFeaturesV0")
_KIND = kind_header("Features")


class VersionedFeatures(DocumentObject, name="ChartExtFeaturesV1Beta2"):
    """Features with a version."""

    api_version: str = required(V1BETA2_HEADER, key="apiVersion")
    kind: str = required(_KIND)
    spec: Features = required(object_of(Features, version=Version.V1BETA2, name="ChartExtFeaturesSpec"))


class _FeaturesV1Beta1(VersionedFeatures, name="ChartExtFeaturesV1Beta1"):
    api_version: str = required(V1BETA1_HEADER, key="apiVersion")
    spec: Features = required(object_of(Features, version=Version.V1BETA1, name="ChartExtFeaturesV0"))


_VERSIONED: dict[Version, type[VersionedFeatures]] = {
    Version.V1BETA2: VersionedFeatures,
    Version.V1BETA1: _FeaturesV1Beta1,
}
_UNKNOWN_IN_V0 = (
    *VersionedFeatures.keys(),
    *(key for key in Features.keys(Version.V1BETA2) if key not in Features.keys(Version.V0)),
)

FEATURES = defined(
    "ChartExtFeatures",
    any_of(VersionedFeatures.schema(), _FeaturesV1Beta1.schema(), _V0.schema),
    meaning="The features document, of any version.",
)
"""The schema of the document."""


@dataclass(frozen=True, kw_only=True)
class FeaturesDocument:
    """A parsed features document."""

    version: Version
    written: VersionedFeatures | Features
    ignored: tuple[Complaint, ...] = ()
    """Why a document that looks versioned was read as v0, and which parts of it are ignored."""

    @property
    def features(self) -> Features:
        """The features, in the same form for every version."""
        return self.written if isinstance(self.written, Features) else self.written.spec

    def stored(self) -> JsonObject:
        """Return the stored form.

        Source: docs/contract/chart-extensions.md, "Stored form of features".
        """
        return self.written.stored()


def parse_features(document: JsonValue) -> FeaturesDocument:
    """Read a features document, stored or as a chart ships it; raise `InvalidDocument`."""
    api_version = document.get("apiVersion") if isinstance(document, dict) else None
    refused: tuple[Complaint, ...] = ()
    for version, kind in _VERSIONED.items():
        if api_version == version.api_version:
            try:
                return FeaturesDocument(version=version, written=decoded(document, kind.read))
            except InvalidDocument as error:
                refused = tuple(map(_spec_ignored, error.complaints))
    features = decoded(document, _V0.read)
    return FeaturesDocument(version=Version.V0, written=features, ignored=refused or _unversioned(document))


def effective_features(stored: JsonValue) -> Features:
    """Return the features of a chart from its stored document (None if it has none).

    A chart without the document does not reinstall the deployments that use it; a chart with an empty document does.

    Source: docs/contract/chart-extensions.md, "Consequences of a change".
    """
    if stored is None:
        return replace(parse_features({}).features, reinstall_dependencies=False)
    return parse_features(stored).features


def _spec_ignored(complaint: Complaint) -> Complaint:
    """Add to a complaint that the versioned document is read as v0 because of it."""
    message = f"The file is read as v0, so that all under spec is ignored, because: {complaint.message}"
    return replace(complaint, message=message)


def _unversioned(document: JsonValue) -> tuple[Complaint, ...]:
    """Complain about keys that need a header, in a document whose header is missing or unknown."""
    keys = [key for key in _UNKNOWN_IN_V0 if isinstance(document, dict) and key in document]
    if not keys:
        return ()
    known = " or ".join(version.api_version for version in _VERSIONED)
    return (
        Complaint(
            place=(keys[0],),
            message=(
                f"The file is read as v0, which ignores {', '.join(keys)}, because its apiVersion is not {known}."
            ),
            remedy="Write apiVersion, kind: Features, and the features under spec.",
        ),
    )
