"""The objects in the answers of the overview, for the OpenAPI document.

Source: docs/contract/http-api.md, "Overview of deployments".
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from platz.db.enums import DeploymentStatus, TaskStatus
from platz.http.endpoints.overview.allowed_answers import AllowedOnRow
from platz.http.openapi.models import Document
from platz.http.openapi.status_models import DeploymentReportedStatus


class NamedRow(Document):
    """The id and the name of a kind or an environment."""

    id: UUID
    name: str


class OverviewCluster(Document):
    """The cluster of a deployment, and whether it answers."""

    id: UUID
    name: str
    region_name: str
    is_ok: bool
    not_ok_reason: str | None


class OverviewChart(Document):
    """A chart, without its documents."""

    id: UUID
    created_at: datetime
    image_tag: str
    available: bool
    error: str | None
    parsed_version: str | None
    parsed_revision: str | None
    parsed_branch: str | None
    parsed_commit: str | None


class OverviewTask(Document):
    """A task; `operation` is the name of its operation."""

    id: UUID
    created_at: datetime
    execute_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    acting_user_id: UUID | None
    acting_bot_id: UUID | None
    acting_deployment_id: UUID | None
    operation: str
    status: TaskStatus
    reason: str | None


class WorkloadsInShort(Document):
    """The number of workloads, of the replicas that should run and of the ready ones, and of workloads not ready."""

    number: int
    replicas: int
    ready: int
    not_ready: int


class Problem(StrEnum):
    """What can be wrong with a deployment."""

    FAILED = "Failed"
    CLUSTER_AWAY = "ClusterAway"
    NOT_READY = "NotReady"
    REPORTED_DANGER = "ReportedDanger"
    REPORTED_WARNING = "ReportedWarning"


class DeploymentProblem(Document):
    """Why a deployment needs attention; `reason` has at most 500 characters."""

    problem: Problem
    reason: str | None


class OverviewDeployment(Document):
    """A deployment without its inputs, with what else a reader wants to see of it."""

    id: UUID
    created_at: datetime
    name: str
    kind_id: UUID
    cluster_id: UUID
    enabled: bool
    status: DeploymentStatus
    description_md: str | None
    reason: str | None
    revision_id: UUID | None
    reported_status: DeploymentReportedStatus | None
    helm_chart_id: UUID
    kind: NamedRow
    cluster: OverviewCluster
    env: NamedRow | None
    chart: OverviewChart
    newer_chart: OverviewChart | None
    last_task: OverviewTask | None
    workloads: WorkloadsInShort
    problems: list[DeploymentProblem]
    url: str | None
    allowed: AllowedOnRow | None = None


class FacetValue(Document):
    """A value of a filter, as the query takes it, and how many deployments it would leave."""

    value: str
    title: str
    count: int


class OverviewFacets(Document):
    """The values of each filter, those with most deployments first, 100 at most."""

    status: list[FacetValue]
    kind_id: list[FacetValue]
    cluster_id: list[FacetValue]
    env_id: list[FacetValue]
    version: list[FacetValue]
    problem: list[FacetValue]
    enabled: list[FacetValue]


class DeploymentOverview(Document):
    """A page of the overview, and the counts of the filters' values."""

    page: int
    per_page: int
    items: list[OverviewDeployment]
    num_total: int
    facets: OverviewFacets


class OverviewCounts(Document):
    """How many deployments there are, have a problem, are disabled, change now, and clusters that do not answer."""

    deployments: int
    problems: int
    disabled: int
    changing: int
    clusters: int
    clusters_away: int


class Trouble(StrEnum):
    """What can need attention: the problems of deployments, and a task that waits too long."""

    FAILED = "Failed"
    CLUSTER_AWAY = "ClusterAway"
    NOT_READY = "NotReady"
    REPORTED_DANGER = "ReportedDanger"
    TASK_WAITS = "TaskWaits"
    REPORTED_WARNING = "ReportedWarning"


class UsefulAction(StrEnum):
    """Where a reader gets on with a trouble."""

    SEE_TASK = "SeeTask"
    SEE_CLUSTER = "SeeCluster"
    SEE_WORKLOADS = "SeeWorkloads"
    SEE_STATUS = "SeeStatus"


class DeploymentName(Document):
    """A deployment by its name, which may be empty, and its kind."""

    id: UUID
    name: str
    kind: str


class OverviewTrouble(Document):
    """Something that needs attention, and the most useful thing to do; `deployment` is null for a cluster."""

    problem: Trouble
    reason: str | None
    since: datetime | None
    action: UsefulAction
    deployment: DeploymentName | None
    cluster: NamedRow
    env: NamedRow | None
    task_id: UUID | None


class OverviewChange(OverviewTask):
    """A task, its deployment, and its environment."""

    deployment: DeploymentName
    env: NamedRow | None


class VersionCount(Document):
    """How many deployments of a kind have a version, and how many versions of the kind run."""

    kind_id: UUID
    kind: str
    version: str
    count: int
    num_versions: int


class OverviewSummary(Document):
    """An installation or an environment at a glance."""

    counts: OverviewCounts
    attention: list[OverviewTrouble]
    num_attention: int
    changing: list[OverviewChange]
    last_changes: list[OverviewChange]
    versions: list[VersionCount]


class HitType(StrEnum):
    """What a search can find."""

    DEPLOYMENT = "Deployment"
    TASK = "Task"
    CHART = "Chart"
    CLUSTER = "Cluster"
    PERSON = "Person"
    RESOURCE = "Resource"


class SearchHit(Document):
    """Something that a search found; `parent_id` is the kind of a chart, or the type of a resource."""

    type: HitType
    id: UUID
    title: str
    detail: str
    env_id: UUID | None
    parent_id: UUID | None


class SearchAnswer(Document):
    """What a search found, by type, at most six of each."""

    hits: list[SearchHit]
