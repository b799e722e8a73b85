"""The tables of Platz that a chart's forms may choose items from, by the names that charts use.

Invariant: these are the tables that have change events (`platz.db.events.EVENT_TABLES`); a test compares the two.

Source: docs/contract/data-model.md, "Enums".
"""

from __future__ import annotations

from enum import StrEnum


class DbTable(StrEnum):
    """The tables that occur in change events and chart collections."""

    BOTS = "bots"
    DEPLOYMENT_KINDS = "deployment_kinds"
    DEPLOYMENT_RESOURCES = "deployment_resources"
    DEPLOYMENT_RESOURCE_TYPES = "deployment_resource_types"
    DEPLOYMENTS = "deployments"
    DEPLOYMENT_TASKS = "deployment_tasks"
    DEPLOYMENT_PERMISSIONS = "deployment_permissions"
    ENVS = "envs"
    ENV_USER_PERMISSIONS = "env_user_permissions"
    HELM_REGISTRIES = "helm_registries"
    HELM_CHARTS = "helm_charts"
    HELM_TAG_FORMATS = "helm_tag_formats"
    K8S_CLUSTERS = "k8s_clusters"
    K8S_RESOURCES = "k8s_resources"
    SECRETS = "secrets"
    SETTINGS = "settings"
    USERS = "users"


TABLE_NAMES = frozenset(table.value for table in DbTable)
