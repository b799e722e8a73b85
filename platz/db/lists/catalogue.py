"""The collections of the API, with their hidden columns, filters, scopes and orders.

Invariant: an item's keys are the columns that are not hidden, so a column that must not leave Platz is hidden here.
The contract tests compare the keys with the documented models.

Source: docs/contract/http-api.md, "Routes in detail".
"""

from __future__ import annotations

from platz.db import schema
from platz.db.lists.filters import (
    by_id,
    contains,
    equals,
    equals_any_case,
    equals_id,
    is_flag,
    since,
    when,
)
from platz.db.lists.reading import Collection

_SEEN_ENV = "item.env_id = ANY (:seen)"
_SEEN_CLUSTER = (
    "item.cluster_id = ANY (ARRAY(SELECT home.id FROM k8s_clusters home WHERE home.env_id = ANY (:seen)))"
)
_SEEN_MANAGER = (
    "item.deployment_id IN (SELECT manager.id FROM deployments manager"
    " JOIN k8s_clusters home ON home.id = manager.cluster_id WHERE home.env_id = ANY (:seen))"
)

_IN_ENV_BY_CLUSTER = by_id(
    "item.cluster_id = ANY (ARRAY(SELECT home.id FROM k8s_clusters home WHERE home.env_id = :value::uuid))",
    "In a cluster that now belongs to this environment.",
)
_IN_ENV_BY_MANAGER = by_id(
    "item.deployment_id IN (SELECT manager.id FROM deployments manager"
    " JOIN k8s_clusters home ON home.id = manager.cluster_id WHERE home.env_id = :value::uuid)",
    "Managed by a deployment in this environment.",
)

# A chart that a deployment has, or the newest one of a branch that a deployment follows
# (docs/contract/http-api.md, "Helm charts").
_IN_USE = """item.id IN (
    SELECT used.helm_chart_id FROM deployments used
    UNION ALL
    (SELECT DISTINCT ON (newest.helm_registry_id, newest.parsed_branch) newest.id
     FROM helm_charts newest
     JOIN (SELECT DISTINCT kept.helm_registry_id, kept.parsed_branch
           FROM deployments used JOIN helm_charts kept ON kept.id = used.helm_chart_id
           WHERE kept.parsed_branch IS NOT NULL) followed
       ON followed.helm_registry_id = newest.helm_registry_id
      AND followed.parsed_branch = newest.parsed_branch
     ORDER BY newest.helm_registry_id, newest.parsed_branch, newest.created_at DESC, newest.id)
)"""

# The properties without those that the type marks as sensitive, and without encrypted ones
# (docs/contract/http-api.md, "Resource types and resources").
_SHOWN_PROPS = """CASE WHEN jsonb_typeof(item.props) = 'object' THEN item.props - ARRAY(
    SELECT jsonb_array_elements_text(jsonb_path_query_array(
        type.spec, 'lax $.values_ui.inputs[*] ? (@.sensitive == true).id'))
    FROM deployment_resource_types type WHERE type.id = item.type_id
    UNION ALL
    SELECT prop.key FROM jsonb_each(item.props) prop WHERE jsonb_exists(prop.value, '$encrypted')
) ELSE item.props END"""

READY_KINDS = "('Deployment', 'StatefulSet', 'DaemonSet')"
"""The kinds of workload whose replicas should be ready all the time; the pods of Jobs end."""

NOT_READY = f"workload.kind IN {READY_KINDS} AND 'Danger' = ANY (workload.status_color)"
"""The condition of the index `k8s_resources_not_ready`."""

HAS_PROBLEM = f"""item.enabled AND (
    item.status = 'Error'
    OR item.reported_status #>> '{{content,status,color}}' IN ('danger', 'warning')
    OR item.cluster_id IN (SELECT home.id FROM k8s_clusters home WHERE NOT home.is_ok)
    OR item.status = 'Running' AND item.id IN (
        SELECT workload.deployment_id FROM k8s_resources workload WHERE {NOT_READY})
)"""  # noqa: S608 (constants)


def _form_document(column: str) -> str:
    """Return the SQL of a document with inputs in it, of which those without an initial value lack the key.

    The older web frontend takes a null for a value (docs/contract/http-api.md, "Helm charts"). PostgreSQL writes a
    `jsonb` with its keys in order of length, so that this key is an input's last one; inside text its quotes would
    be escaped.
    """
    return f"""replace(item."{column}"::text, ', "initialValue": null}}', '}}')::json"""


ENVS = Collection(
    table=schema.envs,
    scope="item.id = ANY (:seen)",
    filters={"name": equals_any_case("name"), "auto_add_new_users": is_flag("auto_add_new_users")},
)

ENV_USER_PERMISSIONS = Collection(
    table=schema.env_user_permissions, scope=_SEEN_ENV, filters={"env_id": equals_id("env_id")}
)

DEPLOYMENT_PERMISSIONS = Collection(
    table=schema.deployment_permissions, scope=_SEEN_ENV, filters={"env_id": equals_id("env_id")}
)

USERS = Collection(
    table=schema.users,
    filters={
        "display_name": contains("display_name"),
        "email": contains("email"),
        "is_active": is_flag("is_active"),
    },
)

BOTS = Collection(table=schema.bots, filters={"display_name": contains("display_name")})

BOT_TOKENS = Collection(
    table=schema.bot_tokens,
    hidden=frozenset({"secret_hash"}),
    filters={"bot_id": equals_id("bot_id"), "created_by_user_id": equals_id("created_by_user_id")},
)

USER_TOKENS = Collection(
    table=schema.user_tokens,
    hidden=frozenset({"secret_hash"}),
    filters={"user_id": equals_id("user_id")},
)

DEPLOYMENT_KINDS = Collection(table=schema.deployment_kinds, filters={"name": equals("name")})

HELM_REGISTRIES = Collection(
    table=schema.helm_registries,
    filters={"repo_name": equals("repo_name"), "kind_id": equals_id("kind_id")},
)

HELM_CHARTS = Collection(
    table=schema.helm_charts,
    order=("created_at DESC", "id"),
    expressions={
        column: _form_document(column) for column in ("values_ui", "actions_schema", "resource_types")
    },
    filters={
        "helm_registry_id": equals_id("helm_registry_id"),
        "parsed_branch": equals("parsed_branch"),
        "kind_id": by_id(
            "item.helm_registry_id IN (SELECT home.id FROM helm_registries home WHERE home.kind_id = :value::uuid)",
            "In a registry of this kind.",
        ),
        "in_use": when(
            _IN_USE,
            "true: only charts that a deployment has, and the newest one of each branch that a deployment follows.",
            inert=False,
        ),
    },
)

HELM_TAG_FORMATS = Collection(
    table=schema.helm_tag_formats, order=("created_at DESC", "id"), filters={"pattern": equals("pattern")}
)

DEPLOYMENTS = Collection(
    table=schema.deployments,
    holds_encrypted=True,
    scope=_SEEN_CLUSTER,
    filters={
        "name": contains("name"),
        "kind_id": equals_id("kind_id"),
        "cluster_id": equals_id("cluster_id"),
        "enabled": is_flag("enabled"),
        "env_id": _IN_ENV_BY_CLUSTER,
        "status": equals("status"),
        "problem": when(HAS_PROBLEM, "true: only those that need attention.", inert=False),
    },
)

DEPLOYMENT_TASKS = Collection(
    table=schema.deployment_tasks,
    holds_encrypted=True,
    hidden=frozenset({"claimed_by"}),
    order=("execute_at DESC", "id"),
    scope=_SEEN_CLUSTER,
    filters={
        "cluster_id": equals_id("cluster_id"),
        "deployment_id": equals_id("deployment_id"),
        "active_only": when(
            "item.status IN ('Pending', 'Started')", "true: only Pending and Started.", inert=False
        ),
        "show_future": when(
            "item.execute_at <= now()",
            "false: only tasks whose time has come. true by default.",
            inert=True,
        ),
        "created_from": since("created_at"),
        "env_id": _IN_ENV_BY_CLUSTER,
    },
)

DEPLOYMENT_RESOURCE_TYPES = Collection(
    table=schema.deployment_resource_types,
    expressions={"spec": _form_document("spec")},
    filters={
        "env_id": equals_id("env_id"),
        "deployment_kind_id": equals_id("deployment_kind_id"),
        "key": equals("key"),
    },
)

DEPLOYMENT_RESOURCES = Collection(
    table=schema.deployment_resources,
    scope=_SEEN_MANAGER,
    expressions={"props": _SHOWN_PROPS},
    filters={
        "type_id": equals_id("type_id"),
        "env_id": _IN_ENV_BY_MANAGER,
        "exists": when(
            'item."exists" = :value::bool',
            "false: those that were deleted. true by default.",
            default=True,
        ),
    },
)

K8S_CLUSTERS = Collection(
    table=schema.k8s_clusters, filters={"env_id": equals_id("env_id"), "name": equals_any_case("name")}
)

K8S_RESOURCES = Collection(
    table=schema.k8s_resources,
    order=("id",),  # these rows have no time of creation, and the time of their last update changes
    filters={
        "cluster_id": equals_id("cluster_id"),
        "deployment_id": equals_id("deployment_id"),
        "kind": equals_any_case("kind"),
        "name": equals_any_case("name"),
    },
)

SECRETS = Collection(
    table=schema.secrets,
    hidden=frozenset({"contents"}),
    scope=_SEEN_ENV,
    filters={
        "env_id": equals_id("env_id"),
        "collection": equals_any_case("collection"),
        "name": equals_any_case("name"),
    },
)
