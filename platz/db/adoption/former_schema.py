"""The tables and columns of the former server's database, which stay its own whatever later versions of Platz add.

Invariant: this describes a database of another program, so it never changes with `platz/db/schema.py`.

Source: docs/contract/data-model.md, "Adoption of an older database".
"""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import Connection, text

VERSION_TABLE = "__diesel_schema_migrations"
"""The table in which the former server records its migrations."""

NEWEST_VERSION = "20260613184500"
RELEASED_VERSION = "20240911173524addbottokens"
"""The last version of the stable releases 0.6.0 to 0.6.8."""

NEWEST_RELEASE = "0.6.8"

OLDEST_ADOPTABLE = "20240828202600deploymentkindonlyid"
"""Since this version kinds are rows with ids; what came afterwards can be added."""

COLUMNS: Mapping[str, frozenset[str]] = {
    table: frozenset(columns.split())
    for table, columns in {
        "users": "id created_at display_name email is_admin is_active",
        "user_tokens": "id user_id created_at secret_hash",
        "bots": "id created_at display_name",
        "bot_tokens": "id bot_id created_at created_by_user_id secret_hash",
        "envs": "id created_at name node_selector tolerations auto_add_new_users",
        "env_user_permissions": "id created_at env_id user_id role",
        "deployment_kinds": "id created_at name",
        "deployment_permissions": "id created_at env_id user_id kind_id role",
        "helm_registries": "id created_at domain_name repo_name kind_id available fa_icon provider",
        "helm_tag_formats": "id created_at pattern",
        "helm_charts": (
            "id created_at helm_registry_id image_digest image_tag available values_ui actions_schema features"
            " resource_types error tag_format_id parsed_version parsed_revision parsed_branch parsed_commit"
        ),
        "k8s_clusters": (
            "id env_id provider_id created_at last_seen_at name region_name is_ok not_ok_reason ignore"
            " ingress_domain ingress_class ingress_tls_secret_name grafana_url grafana_datasource_name"
        ),
        "deployments": (
            "id created_at name kind_id cluster_id enabled status description_md reason revision_id"
            " reported_status helm_chart_id config values_override"
        ),
        "deployment_tasks": (
            "id created_at execute_at first_attempted_at started_at finished_at cluster_id deployment_id"
            " acting_user_id acting_deployment_id canceled_by_user_id canceled_by_deployment_id operation"
            " status reason"
        ),
        "deployment_resource_types": "id created_at env_id deployment_kind_id key spec",
        "deployment_resources": (
            "id created_at type_id deployment_id name exists props sync_status sync_reason"
        ),
        "k8s_resources": (
            "id last_updated_at cluster_id deployment_id kind api_version name status_color metadata"
        ),
        "secrets": "id created_at updated_at env_id collection name contents",
        "settings": "id created_at key value",
    }.items()
}
"""The names of all columns, by table, at the newest version."""

ADDED_LATER: Mapping[str, tuple[str, str]] = {"20260509120000": ("helm_registries", "provider")}
"""The columns that came after the stable releases, by the version that adds them."""

PRESENT = """
    SELECT table_name::text, array_agg(column_name::text) FROM information_schema.columns
    WHERE table_schema = 'public' AND table_name = ANY(:tables) GROUP BY table_name
"""


def present_columns(connection: Connection) -> dict[str, set[str]]:
    """Return the columns that the former server's tables have in this database, by table."""
    rows = connection.execute(text(PRESENT), {"tables": list(COLUMNS)})
    return {table: set(columns) for table, columns in rows}


def columns_at(version: str) -> dict[str, frozenset[str]]:
    """Return the columns of all tables at ``version``, which is that of the stable releases or a later one."""
    columns = dict(COLUMNS)
    for added, (table, column) in ADDED_LATER.items():
        if is_older(version, added):
            columns[table] -= {column}
    return columns


def missing_pieces(connection: Connection) -> list[str]:
    """Return what the newest version has and this database lacks, as `table` or `table.column`."""
    present = present_columns(connection)
    return [
        name
        for table, columns in COLUMNS.items()
        for name in (
            [table]
            if table not in present
            else sorted(f"{table}.{column}" for column in columns - present[table])
        )
    ]


def is_older(version: str, other: str) -> bool:
    """Return whether ``version`` comes before ``other``; only their digits at the beginning count."""
    return moment_of(version) < moment_of(other)


def moment_of(version: str) -> str:
    """Return the 14 digits with which a version begins: the moment at which it was written."""
    return version[:14]
