"""The chart-extension documents as charts and resource types hold them (data-model.md section 8), for OpenAPI.

Invariant: these only describe. The documents are made by platz/charts and leave as they are stored; keys that
older charts lack are optional here.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Literal

from pydantic import ConfigDict, Field, RootModel
from pydantic.alias_generators import to_camel

from platz.charts.documents.db_tables import DbTable
from platz.db.enums import DeploymentRole
from platz.http.openapi.models import AnyJson, Document


class CamelDocument(Document):
    """A document whose keys are written in camel case."""

    model_config = ConfigDict(frozen=True, alias_generator=to_camel)


class DeploymentResourceCollection(Document):
    """A collection that a deployment kind declares."""

    deployment: str
    type: str


class DbTableOrDeploymentResource(RootModel[DbTable | DeploymentResourceCollection | str]):
    """What a CollectionSelect chooses from; other text is a resource type's key of any kind (legacy)."""


class UiSchemaInputSingleType(StrEnum):
    """The type of one value."""

    TEXT = "text"
    NUMBER = "number"
    COLLECTION_SELECT = "CollectionSelect"
    RADIO_SELECT = "RadioSelect"
    DAYS_AND_HOUR = "DaysAndHour"
    CHECKBOX = "Checkbox"


class UiSchemaInputType(StrEnum):
    """The type of an input."""

    TEXT = "text"
    NUMBER = "number"
    COLLECTION_SELECT = "CollectionSelect"
    RADIO_SELECT = "RadioSelect"
    DAYS_AND_HOUR = "DaysAndHour"
    CHECKBOX = "Checkbox"
    ARRAY = "array"


class UiSchemaInputFieldOption(CamelDocument):
    """One choice of a RadioSelect."""

    value: AnyJson
    label: str
    help_text: str | None = None


class UiSchemaInputFieldValuePair(Document):
    """A field and the value that it must have."""

    field: str
    value: AnyJson


class UiSchemaInput(CamelDocument):
    """One field of the form."""

    id: str
    label: str
    type: UiSchemaInputType
    item_type: UiSchemaInputSingleType | None = None
    collection: DbTableOrDeploymentResource | None = None
    initial_value: AnyJson = None
    help_text: str | None = None
    required: bool = False
    sensitive: bool = False
    options: list[UiSchemaInputFieldOption] | None = None
    show_if_all: list[UiSchemaInputFieldValuePair] | None = None
    show_if: AnyJson = None
    filters: list[UiSchemaInputFieldValuePair] | None = None
    minimum: str | None = None
    maximum: str | None = None
    step: str | None = None


class UiSchemaFieldValue(Document):
    """The input's value."""

    input: str


class UiSchemaFieldProperty(Document):
    """A property of the item that the input chooses."""

    input: str
    property: str


class UiSchemaInputRefFieldValue(Document):
    """A reference to a value."""

    field_value: Annotated[UiSchemaFieldValue, Field(alias="FieldValue")]


class UiSchemaInputRefFieldProperty(Document):
    """A reference to a property."""

    field_property: Annotated[UiSchemaFieldProperty, Field(alias="FieldProperty")]


class UiSchemaInputRef(RootModel[UiSchemaInputRefFieldValue | UiSchemaInputRefFieldProperty]):
    """Where an output gets its value."""


class UiSchemaOutputValue(Document):
    """One Helm value."""

    path: list[str]
    value: UiSchemaInputRef


class UiSchemaOutputs(Document):
    """What the inputs become: Helm values, and Kubernetes secrets by name and key."""

    values: Annotated[list[UiSchemaOutputValue], Field(default_factory=list)]
    secrets: Annotated[dict[str, dict[str, UiSchemaInputRef]], Field(default_factory=dict)]


class UiSchema(CamelDocument):
    """A form and what becomes of it; without `apiVersion` and `kind` it is of version 0."""

    api_version: Literal["platz.io/v1beta1"] | None = None
    kind: Literal["ValuesUi"] | None = None
    inputs: list[UiSchemaInput]
    outputs: UiSchemaOutputs


class ChartExtCardinality(StrEnum):
    """How many deployments of the kind a cluster may have."""

    MANY = "Many"
    ONE_PER_CLUSTER = "OnePerCluster"


class ChartExtIngressHostnameFormat(StrEnum):
    """What a deployment's host name is made of."""

    NAME = "Name"
    KIND_AND_NAME = "KindAndName"


class ChartExtFeatureIngress(Document):
    """Whether and how the deployment is reached from outside."""

    enabled: bool
    hostname_format: ChartExtIngressHostnameFormat = ChartExtIngressHostnameFormat.KIND_AND_NAME


class ChartExtFeatureStatus(Document):
    """Where the deployment reports its status."""

    endpoint: Literal["standard_ingress"]
    path: str
    refresh_interval_secs: int


class ChartExtDisplayInputField(Document):
    """The input whose value names the deployment."""

    name: str


class ChartExtDisplayNameInputField(Document):
    """Named after an input."""

    input_field: Annotated[ChartExtDisplayInputField, Field(alias="InputField")]


class ChartExtDisplayIcon(Document):
    """A FontAwesome icon."""

    font_awesome: str


class ChartExtFeatureDisplay(Document):
    """How deployments are shown."""

    name: Literal["DeploymentName"] | ChartExtDisplayNameInputField | None = None
    icon: ChartExtDisplayIcon | None = None


class ChartExtFeaturesSpec(Document):
    """What the chart can do; `standard_ingress` is the form of version 0 and v1beta1."""

    ingress: ChartExtFeatureIngress | None = None
    standard_ingress: bool | None = None
    status: ChartExtFeatureStatus | None = None
    cardinality: ChartExtCardinality = ChartExtCardinality.MANY
    reinstall_dependencies: bool = True
    node_selector_paths: Annotated[list[list[str]], Field(default_factory=list)]
    tolerations_paths: Annotated[list[list[str]], Field(default_factory=list)]
    display: ChartExtFeatureDisplay | None = None


class ChartExtVersionedFeatures(CamelDocument):
    """Features with a version."""

    api_version: Literal["platz.io/v1beta1", "platz.io/v1beta2"]
    kind: Literal["Features"]
    spec: ChartExtFeaturesSpec


class ChartExtFeatures(RootModel[ChartExtVersionedFeatures | ChartExtFeaturesSpec]):
    """The features document, of any version."""


class ChartExtActionTarget(Document):
    """One request to the deployment."""

    endpoint: Literal["standard_ingress"]
    path: str
    method: Literal["GET", "POST", "PUT", "PATCH", "DELETE"]


class ChartExtAction(ChartExtActionTarget):
    """Something that the deployment does when it is asked."""

    id: str
    allowed_role: DeploymentRole
    allowed_on_statuses: Annotated[list[str], Field(default_factory=list)]
    title: str
    fontawesome_icon: str | None = None
    description: str
    dangerous: bool = False
    ui_schema: UiSchema | None = None


class ChartExtVersionedAction(CamelDocument):
    """An action with a version."""

    api_version: Literal["platz.io/v1beta1"]
    kind: Literal["Action"]
    spec: ChartExtAction


class ChartExtActionsV0(Document):
    """The actions of version 0."""

    schema_version: int
    actions: list[ChartExtAction]


class ChartExtActions(RootModel[list[ChartExtVersionedAction] | ChartExtActionsV0]):
    """The actions document, of any version."""


class ChartExtResourceLifecycleHook(Document):
    """Who may do it, and what is called then."""

    allowed_role: DeploymentRole | None = None
    target: ChartExtActionTarget | None = None


class ChartExtResourceLifecycle(Document):
    """The hooks of a resource; null: it can't be done."""

    create: ChartExtResourceLifecycleHook | None = None
    update: ChartExtResourceLifecycleHook | None = None
    delete: ChartExtResourceLifecycleHook | None = None


class ChartExtResourceTypeSpec(Document):
    """A collection that a chart declares."""

    name_singular: str
    name_plural: str
    fontawesome_icon: str
    is_global: Annotated[bool, Field(alias="global")] = False
    values_ui: UiSchema
    lifecycle: ChartExtResourceLifecycle


class ChartExtResourceType(CamelDocument):
    """A collection with its version and key."""

    api_version: Literal["platz.io/v1beta1"]
    kind: Literal["ResourceType"]
    key: str
    spec: ChartExtResourceTypeSpec


class ChartMetadata(Document):
    """What `Chart.yaml` tells about where a chart comes from."""

    version: str
    git_commit: str | None = None
    git_branch: str | None = None
    git_repo: str | None = None
    git_provider: str | None = None
