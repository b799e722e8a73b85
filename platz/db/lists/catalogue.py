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

# Whether the user :caller may change a deployment (docs/contract/auth.md, "Named checks"), of which the SQL's parts are
# the cluster and the kind.
_MAY_CHANGE = """EXISTS (
    SELECT FROM k8s_clusters home
    JOIN env_user_permissions member ON member.env_id = home.env_id AND member.user_id = :caller
    WHERE home.id = {cluster} AND (member.role = 'Admin' OR EXISTS (
        SELECT FROM deployment_permissions role
        WHERE role.env_id = home.env_id AND role.user_id = :caller AND role.kind_id = {kind})))"""

# The ids of the inputs that the forms of some charts mark as sensitive. The value of an input that selects from a
# collection is an id, which is no secret.
_SENSITIVE_IDS = """(
    SELECT marked.id #>> '{{}}' FROM helm_charts chart
    CROSS JOIN LATERAL (VALUES (chart.values_ui), (chart.actions_schema)) form (document)
    CROSS JOIN LATERAL jsonb_path_query(form.document, 'lax $.**.inputs[*] ? (@.sensitive == true
        && !(@.type like_regex "^collectionselect$" flag "i")
        && !(@.itemType like_regex "^collectionselect$" flag "i")).id ? (@.type() == "string")') marked (id)
    WHERE chart.id IN ({charts})
)"""


def _without_sensitive(document: str, ids: str) -> str:
    """Return the SQL of an object without the keys that are sensitive or encrypted; of anything else, of itself."""
    return f"""CASE WHEN jsonb_typeof({document}) = 'object' THEN (
        SELECT coalesce(jsonb_object_agg(field.key, field.value), '{{}}') FROM jsonb_each({document}) field
        WHERE field.key NOT IN {ids} AND NOT jsonb_exists(field.value, '$encrypted')
    ) ELSE {document} END"""  # noqa: S608 - constants


def _shown_operation() -> str:
    """Return the SQL of a task's operation without the inputs that are sensitive or encrypted."""
    charts = ", ".join(map(_uuid_in, ("helm_chart_id", "prev_helm_chart_id")))
    ids = _SENSITIVE_IDS.format(charts=charts)
    return f"""CASE WHEN jsonb_typeof(item.operation) = 'object' THEN (
        SELECT coalesce(jsonb_object_agg(work.key, CASE WHEN jsonb_typeof(work.value) = 'object' THEN (
            SELECT coalesce(jsonb_object_agg(part.key, CASE part.key
                WHEN 'config_inputs' THEN {_without_sensitive("part.value", ids)}
                WHEN 'body' THEN {_without_sensitive("part.value", ids)}
                WHEN 'config_delta' THEN {_without_sensitive_changes(ids)}
                ELSE part.value END), '{{}}') FROM jsonb_each(work.value) part
        ) ELSE work.value END), '{{}}') FROM jsonb_each(item.operation) work
    ) ELSE item.operation END"""  # noqa: S608 - constants


def _uuid_in(key: str) -> str:
    """Return the SQL of a UUID in an operation's parameters, null for other text."""
    text = f"work.value->>'{key}'"
    return (
        f"CASE WHEN {text} ~* '^[0-9a-f]{{8}}(-[0-9a-f]{{4}}){{3}}-[0-9a-f]{{12}}$' THEN ({text})::uuid END"
    )


def _without_sensitive_changes(ids: str) -> str:
    """Return the SQL of a `config_delta` without the changes in or below sensitive inputs."""
    return f"""CASE WHEN jsonb_typeof(part.value) = 'object' THEN (
        SELECT coalesce(jsonb_object_agg(change.key, change.value), '{{}}') FROM jsonb_each(part.value) change
        WHERE NOT EXISTS (SELECT FROM {ids} sensitive (id)
            WHERE change.key = sensitive.id OR starts_with(change.key, sensitive.id || '.'))
        AND NOT jsonb_path_exists(change.value, 'lax $.**."$encrypted"')
    ) ELSE part.value END"""  # noqa: S608 - constants


# Annotations that hold documents, such as kubectl's copy of a manifest, which may hold a secret
# (docs/contract/http-api.md, "Kubernetes resources").
_SHOWN_METADATA = r"""CASE WHEN jsonb_typeof(item.metadata->'annotations') = 'object' THEN jsonb_set(
    item.metadata, '{annotations}', (
        SELECT coalesce(jsonb_object_agg(annotation.key, annotation.value), '{}')
        FROM jsonb_each(item.metadata->'annotations') annotation
        WHERE annotation.key !~ 'last-applied|applied-configuration'
            AND annotation.value #>> '{}' !~ '^\s*[{[]|(^|\n)(apiVersion|kind):'))
    ELSE item.metadata END"""

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
    changeable=_MAY_CHANGE.format(cluster="item.cluster_id", kind="item.kind_id"),
    guarded={"config": _without_sensitive("item.config", _SENSITIVE_IDS.format(charts="item.helm_chart_id"))},
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
    changeable=_MAY_CHANGE.format(
        cluster="item.cluster_id",
        kind="(SELECT own.kind_id FROM deployments own WHERE own.id = item.deployment_id)",
    ),
    guarded={"operation": _shown_operation()},
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
    confined_scope="item.env_id IS NULL OR item.env_id = ANY (:seen)",
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
    table=schema.k8s_clusters,
    confined_scope="item.env_id = ANY (:seen)",
    filters={"env_id": equals_id("env_id"), "name": equals_any_case("name")},
)

K8S_RESOURCES = Collection(
    table=schema.k8s_resources,
    scope=_SEEN_CLUSTER,
    expressions={"metadata": _SHOWN_METADATA},
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
