"""The models of the published SDK, into which it parses responses.

Invariant: a missing field, a field of another type or an unknown word of an enum is an error; keys that the SDK does
not know are ignored.

Source: docs/contract/http-api.md, "The SDKs".
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, RootModel, model_validator
from pydantic.alias_generators import to_camel

Status = Literal[
    "Unknown", "Installing", "Renaming", "Running", "Error", "Upgrading", "Uninstalling", "Uninstalled", "Deleting"
]  # fmt: skip
TaskStatus = Literal["Pending", "Started", "Failed", "Done", "Canceled"]
Role = Literal["Owner", "Maintainer"]


class Model(BaseModel):
    """An object of the SDK; nullable fields may be absent, as its reader allows."""

    model_config = ConfigDict(extra="ignore", frozen=True)


class Env(Model):
    id: UUID
    created_at: datetime
    name: str
    node_selector: Any
    tolerations: Any
    auto_add_new_users: bool


class Deployment(Model):
    id: UUID
    created_at: datetime
    name: str
    kind_id: UUID
    cluster_id: UUID
    enabled: bool
    status: Status
    description_md: str | None
    reason: str | None
    revision_id: UUID | None
    reported_status: Any
    helm_chart_id: UUID
    config: Any
    values_override: Any


class DeploymentTask(Model):
    id: UUID
    created_at: datetime
    execute_at: datetime
    first_attempted_at: datetime | None
    started_at: datetime | None
    finished_at: datetime | None
    cluster_id: UUID
    deployment_id: UUID
    acting_user_id: UUID | None
    acting_deployment_id: UUID | None
    canceled_by_user_id: UUID | None
    canceled_by_deployment_id: UUID | None
    operation: Operation
    status: TaskStatus
    reason: str | None


class InstallTask(Model):
    helm_chart_id: UUID
    config_inputs: Any
    values_override: Any


class UpgradeTask(Model):
    helm_chart_id: UUID
    prev_helm_chart_id: UUID | None
    config_inputs: Any
    config_delta: Any
    values_override: Any


class ReinstallTask(Model):
    reason: str


class RecreateTask(Model):
    old_cluster_id: UUID
    old_namespace: str
    new_cluster_id: UUID
    new_namespace: str


class UninstallTask(Model):
    pass


class InvokeActionTask(Model):
    helm_chart_id: UUID
    action_id: str
    body: Any


class RestartK8sResourceTask(Model):
    resource_id: UUID
    resource_name: str


class Operation(BaseModel):
    """An externally tagged enum: an object with exactly one key."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    Install: InstallTask | None = None
    Upgrade: UpgradeTask | None = None
    Reinstall: ReinstallTask | None = None
    Recreate: RecreateTask | None = None
    Uninstall: UninstallTask | None = None
    InvokeAction: InvokeActionTask | None = None
    RestartK8sResource: RestartK8sResourceTask | None = None

    @model_validator(mode="after")
    def exactly_one(self) -> Operation:
        if len(self.model_fields_set) != 1:
            raise ValueError("one operation is expected")
        return self


DeploymentTask.model_rebuild()


class HelmRegistry(Model):
    id: UUID
    created_at: datetime
    domain_name: str
    repo_name: str
    kind_id: UUID
    available: bool
    fa_icon: str


class K8sCluster(Model):
    id: UUID
    env_id: UUID | None
    provider_id: str
    created_at: datetime
    last_seen_at: datetime
    name: str
    region_name: str
    is_ok: bool
    not_ok_reason: str | None
    ignore: bool
    ingress_domain: str | None
    ingress_class: str | None
    ingress_tls_secret_name: str | None
    grafana_url: str | None
    grafana_datasource_name: str | None


class DeploymentResource(Model):
    id: UUID
    type_id: UUID
    created_at: datetime
    deployment_id: UUID | None
    name: str
    exists: bool
    props: Any
    sync_status: Literal["Creating", "Updating", "Deleting", "Ready", "Error"]
    sync_reason: str | None


class Secret(Model):
    id: UUID
    created_at: datetime
    updated_at: datetime
    env_id: UUID
    collection: str
    name: str


class FieldAndValue(Model):
    field: str
    value: Any


class UiInput(Model):
    """An input of a form as stored: with camelCase keys, and decimals as strings."""

    model_config = ConfigDict(alias_generator=to_camel)

    id: str
    label: str
    type: Literal["text", "number", "CollectionSelect", "RadioSelect", "DaysAndHour", "Checkbox", "array"]
    item_type: Literal["text", "number", "CollectionSelect", "RadioSelect", "DaysAndHour", "Checkbox"] | None
    collection: Any
    initial_value: Any = None
    help_text: str | None
    required: bool
    sensitive: bool
    options: list[Any] | None
    show_if_all: list[FieldAndValue] | None
    show_if: Any
    filters: list[FieldAndValue] | None
    minimum: str | None
    maximum: str | None
    step: str | None


class UiOutputs(Model):
    values: list[Any]
    secrets: Mapping[str, Mapping[str, Any]]


class UiSchema(Model):
    inputs: list[UiInput]
    outputs: UiOutputs


class Action(Model):
    id: str
    allowed_role: Role
    allowed_on_statuses: list[str]
    endpoint: Literal["standard_ingress"]
    path: str
    method: Literal["GET", "POST", "PUT", "PATCH", "DELETE"]
    title: str
    fontawesome_icon: str | None
    description: str
    dangerous: bool
    ui_schema: UiSchema | None


class Wrapped(Model):
    """A document with its `apiVersion`."""

    model_config = ConfigDict(alias_generator=to_camel)


class WrappedAction(Wrapped):
    api_version: Literal["platz.io/v1beta1"]
    kind: Literal["Action"]
    spec: Action


class OldActions(Model):
    schema_version: int
    actions: list[Action]


class IngressV2(Model):
    enabled: bool
    hostname_format: Literal["Name", "KindAndName"]


class StatusFeature(Model):
    endpoint: Literal["standard_ingress"]
    path: str
    refresh_interval_secs: int


class Display(Model):
    name: Any
    icon: Any


class FeaturesV2Spec(Model):
    ingress: IngressV2
    status: StatusFeature | None
    cardinality: Literal["Many", "OnePerCluster"]
    reinstall_dependencies: bool
    node_selector_paths: list[list[str]]
    tolerations_paths: list[list[str]]
    display: Display


class FeaturesV2(Wrapped):
    api_version: Literal["platz.io/v1beta2"]
    kind: Literal["Features"]
    spec: FeaturesV2Spec


class FeaturesV0(Model):
    standard_ingress: bool
    status: StatusFeature | None
    cardinality: Literal["Many", "OnePerCluster"]
    reinstall_dependencies: bool
    node_selector_paths: list[list[str]]
    tolerations_paths: list[list[str]]


class FeaturesV1(Wrapped):
    api_version: Literal["platz.io/v1beta1"]
    kind: Literal["Features"]
    spec: FeaturesV0


class Lifecycle(Model):
    create: Any
    update: Any
    delete: Any


class ResourceTypeSpec(Model):
    name_singular: str
    name_plural: str
    fontawesome_icon: str
    values_ui: UiSchema
    lifecycle: Lifecycle


class ResourceType(Wrapped):
    api_version: Literal["platz.io/v1beta1"]
    kind: Literal["ResourceType"]
    key: str
    spec: ResourceTypeSpec


class HelmChart(Model):
    id: UUID
    created_at: datetime
    helm_registry_id: UUID
    image_digest: str
    image_tag: str
    available: bool
    values_ui: UiSchema | None
    actions_schema: list[WrappedAction] | OldActions | None
    features: FeaturesV2 | FeaturesV1 | FeaturesV0 | None
    resource_types: list[ResourceType] | None
    error: str | None
    tag_format_id: UUID | None
    parsed_version: str | None
    parsed_revision: str | None
    parsed_branch: str | None
    parsed_commit: str | None


class K8sResource(Model):
    """The published model, which requires a `kind_id` that the server never had."""

    id: UUID
    kind_id: UUID


class Anything(RootModel[Any]):
    """A value that the SDK does not look into."""
