"""Every table of Platz, as SQLAlchemy Core objects (docs/contract/data-model.md, "Tables" with its corrections).

Invariant: this is exactly the schema that the migrations build; a test compares the two. A constraint's name says
what it guarantees, because `error_translation.py` finds the user's message by that name.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Identity,
    Index,
    MetaData,
    String,
    Table,
    UniqueConstraint,
    Uuid,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY

from platz.db.columns import (
    enum_check,
    flag,
    generated_id,
    given_id,
    json_document,
    moment,
    reference,
    string,
    word,
)
from platz.db.enums import (
    DeploymentRole,
    DeploymentStatus,
    EnvUserRole,
    RegistryProvider,
    SyncStatus,
    TaskStatus,
)

metadata = MetaData(
    naming_convention={
        "pk": "%(table_name)s_pkey",
        "fk": "%(table_name)s_%(column_0_name)s_fkey",
        "ck": "%(table_name)s_%(constraint_name)s",
    }
)

users = Table(
    "users",
    metadata,
    generated_id(),
    moment("created_at"),
    string("display_name"),
    string("email"),
    flag("is_admin", default=False),
    flag("is_active", default=True),
    # One person has one account, whatever letter case the provider uses in the address.
    Index("users_email_insensitive", func.lower(text("email")), unique=True),
)

user_tokens = Table(
    "user_tokens",
    metadata,
    given_id(),
    reference("user_id", "users", on_delete="CASCADE"),
    moment("created_at"),
    string("secret_hash"),
    Index("user_tokens_user_id", "user_id"),
)

bots = Table(
    "bots",
    metadata,
    generated_id(),
    moment("created_at"),
    string("display_name"),
)

bot_tokens = Table(
    "bot_tokens",
    metadata,
    given_id(),
    reference("bot_id", "bots", on_delete="CASCADE"),
    moment("created_at"),
    reference("created_by_user_id", "users"),
    string("secret_hash"),
    Index("bot_tokens_bot_id", "bot_id"),
)

envs = Table(
    "envs",
    metadata,
    generated_id(),
    moment("created_at"),
    string("name"),
    json_document("node_selector"),
    json_document("tolerations"),
    flag("auto_add_new_users", default=False),
    Index("envs__name_insensitive", func.lower(text("name")), unique=True),
)

env_user_permissions = Table(
    "env_user_permissions",
    metadata,
    generated_id(),
    moment("created_at"),
    reference("env_id", "envs", on_delete="CASCADE"),
    reference("user_id", "users", on_delete="CASCADE"),
    word("role", EnvUserRole),
    enum_check("role", EnvUserRole),
    Index("env_user_role_env_user", "env_id", "user_id", unique=True),
    Index("env_user_permissions_user_id", "user_id"),
)

deployment_kinds = Table(
    "deployment_kinds",
    metadata,
    generated_id(),
    moment("created_at"),
    string("name"),
    Index("deployment_kinds__name", "name", unique=True),
)

deployment_permissions = Table(
    "deployment_permissions",
    metadata,
    generated_id(),
    moment("created_at"),
    reference("env_id", "envs", on_delete="CASCADE"),
    reference("user_id", "users", on_delete="CASCADE"),
    reference("kind_id", "deployment_kinds"),
    word("role", DeploymentRole),
    enum_check("role", DeploymentRole),
    UniqueConstraint("env_id", "user_id", "kind_id", name="deployment_permissions_env_user_kind"),
    Index("deployment_permissions_user_id", "user_id"),
)

helm_registries = Table(
    "helm_registries",
    metadata,
    generated_id(),
    moment("created_at"),
    string("domain_name"),
    string("repo_name"),
    reference("kind_id", "deployment_kinds"),
    flag("available", default=True),
    string("fa_icon", default="question"),
    word("provider", RegistryProvider, default="Ecr"),
    enum_check("provider", RegistryProvider),
    UniqueConstraint("domain_name", "repo_name", name="helm_registries_domain_repo"),
    Index("helm_registries_kind_id", "kind_id"),
)

helm_tag_formats = Table(
    "helm_tag_formats",
    metadata,
    generated_id(),
    moment("created_at"),
    string("pattern"),
    UniqueConstraint("pattern", name="helm_tag_formats_pattern"),
)

helm_charts = Table(
    "helm_charts",
    metadata,
    generated_id(),
    moment("created_at", default=False),
    reference("helm_registry_id", "helm_registries", on_delete="CASCADE"),
    string("image_digest"),
    string("image_tag"),
    flag("available", default=True),
    json_document("values_ui", nullable=True),
    json_document("actions_schema", nullable=True),
    json_document("features", nullable=True),
    json_document("resource_types", nullable=True),
    string("error", nullable=True),
    # Messages for the chart's author about problems that do not keep the chart from working.
    json_document("warnings", nullable=True),
    reference("tag_format_id", "helm_tag_formats", nullable=True, on_delete="SET NULL"),
    string("parsed_version", nullable=True),
    string("parsed_revision", nullable=True),
    string("parsed_branch", nullable=True),
    string("parsed_commit", nullable=True),
    # Not unique: programs of the former server record a chart again; `platz/db/tables/charts.py` does not.
    Index("helm_charts_registry_tag_digest", "helm_registry_id", "image_tag", "image_digest"),
    Index("helm_charts_registry_branch_created", "helm_registry_id", "parsed_branch", "created_at"),
    Index("helm_charts_created_at", text("created_at DESC"), "id"),
    Index("helm_charts_tag_format_id", "tag_format_id"),
)

k8s_clusters = Table(
    "k8s_clusters",
    metadata,
    generated_id(),
    reference("env_id", "envs", nullable=True),
    string("provider_id"),
    moment("created_at"),
    moment("last_seen_at"),
    string("name"),
    string("region_name"),
    flag("is_ok", default=True),
    string("not_ok_reason", nullable=True),
    flag("ignore", default=True),
    string("ingress_domain", nullable=True),
    string("ingress_class", nullable=True),
    string("ingress_tls_secret_name", nullable=True),
    string("grafana_url", nullable=True),
    string("grafana_datasource_name", nullable=True),
    UniqueConstraint("provider_id", name="k8s_clusters_provider_id"),
    UniqueConstraint("ingress_domain", name="k8s_clusters_ingress_domain"),
    Index("k8s_clusters_env_id", "env_id"),
)

deployments = Table(
    "deployments",
    metadata,
    generated_id(),
    moment("created_at"),
    string("name"),
    reference("kind_id", "deployment_kinds"),
    reference("cluster_id", "k8s_clusters", on_delete="CASCADE"),
    flag("enabled", default=True),
    word("status", DeploymentStatus, default="Unknown"),
    string("description_md", nullable=True),
    string("reason", nullable=True),
    # A deployment loses its revision when that task is deleted with its cluster, from which the deployment had moved
    # away (docs/contract/data-model.md, "Table deployment_tasks").
    reference("revision_id", "deployment_tasks", nullable=True, on_delete="SET NULL", later=True),
    json_document("reported_status", nullable=True),
    reference("helm_chart_id", "helm_charts", on_delete="CASCADE"),
    json_document("config"),
    json_document("values_override"),
    enum_check("status", DeploymentStatus),
    # Two deployments must never share a namespace.
    UniqueConstraint("cluster_id", "kind_id", "name", name="deployments_cluster_kind_name"),
    Index("deployments_kind_id", "kind_id"),
    Index("deployments_helm_chart_id", "helm_chart_id"),
    Index("deployments_revision_id", "revision_id"),
    Index("deployments_created_at", "created_at", "id"),
)

deployment_tasks = Table(
    "deployment_tasks",
    metadata,
    generated_id(),
    moment("created_at"),
    moment("execute_at"),
    moment("first_attempted_at", nullable=True),
    moment("started_at", nullable=True),
    moment("finished_at", nullable=True),
    # The tasks that a deployment left behind in a cluster are deleted with that cluster.
    reference("cluster_id", "k8s_clusters", on_delete="CASCADE"),
    reference("deployment_id", "deployments", on_delete="CASCADE"),
    reference("acting_user_id", "users", nullable=True),
    reference("acting_bot_id", "bots", nullable=True, on_delete="SET NULL"),
    reference("acting_deployment_id", "deployments", nullable=True, on_delete="SET NULL"),
    reference("canceled_by_user_id", "users", nullable=True),
    reference("canceled_by_bot_id", "bots", nullable=True, on_delete="SET NULL"),
    reference("canceled_by_deployment_id", "deployments", nullable=True, on_delete="SET NULL"),
    json_document("operation", default=False),
    word("status", TaskStatus),
    string("reason", nullable=True),
    # The claim id of the runner that claimed the task last; it is kept after the task's end.
    Column("claimed_by", Uuid, nullable=True),
    # The task that failed or was canceled, and that this one does again.
    reference("repeats", "deployment_tasks", nullable=True, on_delete="SET NULL"),
    enum_check("status", TaskStatus),
    # "At most one", because a task outlives the bot or deployment that created it; a new task names exactly one.
    CheckConstraint(
        "num_nonnulls(acting_user_id, acting_bot_id, acting_deployment_id) <= 1", name="at_most_one_actor"
    ),
    CheckConstraint(
        "num_nonnulls(canceled_by_user_id, canceled_by_bot_id, canceled_by_deployment_id) <= 1",
        name="at_most_one_canceler",
    ),
    CheckConstraint("status <> 'Started' OR started_at IS NOT NULL", name="started_has_a_start"),
    CheckConstraint(
        "status NOT IN ('Pending', 'Started') OR finished_at IS NULL", name="active_has_no_finish"
    ),
    CheckConstraint("status <> 'Pending' OR claimed_by IS NULL", name="pending_has_no_claim"),
    # Helm never runs twice on one release at the same time. Programs of the former server start tasks without a claim.
    Index(
        "deployment_tasks_one_started",
        "deployment_id",
        unique=True,
        postgresql_where=text("status = 'Started' AND claimed_by IS NOT NULL"),
    ),
    # For the claim: the pending tasks of one cluster in queue order.
    Index(
        "deployment_tasks_due",
        "cluster_id",
        "execute_at",
        "created_at",
        "id",
        postgresql_where=text("status = 'Pending'"),
    ),
    # For the claim, about each candidate: is an earlier task of the same deployment still active?
    Index(
        "deployment_tasks_active",
        "deployment_id",
        "execute_at",
        "created_at",
        "id",
        postgresql_where=text("status IN ('Pending', 'Started')"),
    ),
    Index("deployment_tasks_deployment_history", "deployment_id", text("execute_at DESC"), "id"),
    Index("deployment_tasks_cluster_history", "cluster_id", text("execute_at DESC"), "id"),
    Index("deployment_tasks_history", text("execute_at DESC"), "id"),
    Index("deployment_tasks_created_at", "created_at"),
    Index("deployment_tasks_status", "status"),
    # The deletion of a bot or a deployment must find the tasks that name it without reading all tasks.
    *(
        Index(f"deployment_tasks_{column}", column, postgresql_where=text(f"{column} IS NOT NULL"))
        for column in (
            "acting_bot_id",
            "acting_deployment_id",
            "canceled_by_bot_id",
            "canceled_by_deployment_id",
            "repeats",
        )
    ),
)

deployment_resource_types = Table(
    "deployment_resource_types",
    metadata,
    generated_id(),
    moment("created_at"),
    reference("env_id", "envs", nullable=True, on_delete="CASCADE"),
    reference("deployment_kind_id", "deployment_kinds"),
    string("key"),
    json_document("spec"),
    CheckConstraint("length(key) > 0", name="key_is_not_empty"),
    UniqueConstraint(
        "env_id",
        "deployment_kind_id",
        "key",
        name="deployment_resource_types_env_kind_key",
        postgresql_nulls_not_distinct=True,
    ),
    Index("deployment_resource_types_kind_key", "deployment_kind_id", "key"),
)

deployment_resources = Table(
    "deployment_resources",
    metadata,
    generated_id(),
    moment("created_at"),
    reference("type_id", "deployment_resource_types", on_delete="CASCADE"),
    reference("deployment_id", "deployments", nullable=True, on_delete="SET NULL"),
    string("name"),
    flag("exists", default=True),
    json_document("props"),
    word("sync_status", SyncStatus, default="Creating"),
    string("sync_reason", nullable=True),
    enum_check("sync_status", SyncStatus),
    CheckConstraint("length(name) > 0", name="name_is_not_empty"),
    Index("deployment_resources_type_name", "type_id", "name", unique=True),
    Index("deployment_resources_deployment_id", "deployment_id"),
)

k8s_resources = Table(
    "k8s_resources",
    metadata,
    given_id(),
    moment("last_updated_at"),
    reference("cluster_id", "k8s_clusters", on_delete="CASCADE"),
    reference("deployment_id", "deployments", on_delete="CASCADE"),
    string("kind"),
    string("api_version"),
    string("name"),
    Column("status_color", ARRAY(String), nullable=False),
    json_document("metadata", default=False),
    Index("k8s_resources_deployment_id", "deployment_id"),
    Index("k8s_resources_cluster_id", "cluster_id"),
    Index("k8s_resources_last_updated_at", "last_updated_at"),
    # For the overview: the few workloads that should run and do not.
    Index(
        "k8s_resources_not_ready",
        "deployment_id",
        postgresql_where=text(
            "kind IN ('Deployment', 'StatefulSet', 'DaemonSet') AND 'Danger' = ANY (status_color)"
        ),
    ),
)

left_namespaces = Table(
    "left_namespaces",
    metadata,
    generated_id(),
    moment("created_at"),
    reference("cluster_id", "k8s_clusters", on_delete="CASCADE"),
    # No foreign key: the deployment may be gone long before its old cluster responds again.
    Column("deployment_id", Uuid, nullable=False),
    string("namespace"),
    # When the deployment stopped needing the namespace; until then it holds what still runs.
    moment("released_at", nullable=True),
    string("problem", nullable=True),
    UniqueConstraint("cluster_id", "namespace", "deployment_id", name="left_namespaces_place"),
    Index("left_namespaces_deployment_id", "deployment_id"),
)

secrets = Table(
    "secrets",
    metadata,
    generated_id(),
    moment("created_at"),
    moment("updated_at"),
    reference("env_id", "envs", on_delete="CASCADE"),
    string("collection"),
    string("name"),
    string("contents"),
    Index("secrets_env_collection_name", "env_id", "collection", "name", unique=True),
)

settings = Table(
    "settings",
    metadata,
    generated_id(),
    moment("created_at"),
    string("key"),
    string("value"),
    UniqueConstraint("key", name="settings_key"),
)

change_records = Table(
    "change_records",
    metadata,
    generated_id(),
    moment("changed_at"),
    Column(
        "changed_in",
        BigInteger,
        nullable=False,
        server_default=text("pg_current_xact_id()::text::bigint"),
    ),
    string("table_name"),
    string("operation"),
    # No foreign keys: the rows are gone.
    Column("row_id", Uuid, nullable=False),
    Column("env_id", Uuid, nullable=True),
    Index("change_records_changed_in", "changed_in"),
    Index("change_records_changed_at", "changed_at"),
)

deployment_search = Table(
    "deployment_search",
    metadata,
    # Triggers of `deployments` and `helm_charts` write it.
    reference("deployment_id", "deployments", on_delete="CASCADE", is_key=True),
    string("content"),
)

platz_leases = Table(
    "platz_leases",
    metadata,
    Column("name", String, primary_key=True),
    # A new number whenever the lease changes hands; no number is ever given twice.
    Column("epoch", BigInteger, Identity(always=True), nullable=False),
    # The process that holds it.
    Column("holder", Uuid, nullable=False),
    # Counts the holder's signs of life.
    Column("renewals", BigInteger, nullable=False, server_default=text("0")),
    moment("renewed_at"),
)

platz_task_waits = Table(
    "platz_task_waits",
    metadata,
    reference("task_id", "deployment_tasks", on_delete="CASCADE", is_key=True),
    # The task that must succeed first.
    reference("waits_for", "deployment_tasks", on_delete="CASCADE"),
    Index("platz_task_waits_waits_for", "waits_for"),
)

LATER_TABLES = frozenset(
    table.name
    for table in (left_namespaces, change_records, deployment_search, platz_leases, platz_task_waits)
)
"""The tables that came after the first migration; they have no change events."""

FORMER_TABLES = frozenset(metadata.tables) - LATER_TABLES
"""The tables that older Platz servers have, too."""
