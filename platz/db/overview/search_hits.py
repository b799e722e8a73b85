"""The search over everything: deployments, tasks, charts, clusters, people and resources whose names hold all words.

Invariant: one statement, made of constants. What a reader may not see is not found. Of each type there are at most
`MOST_HITS`: the exact name first, then names that begin with the first word.

Source: docs/contract/http-api.md, "Search".
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import cast

import orjson
from sqlalchemy import Connection

from platz.db.lists.reading import SeenEnvs, json_object
from platz.db.overview.deployment_rows import VERSION
from platz.db.rows import driver_row
from platz.json import JsonValue

MOST_HITS = 6
NEWEST_TASKS = 2000
"""So many of the newest tasks are searched."""

_TITLE = "coalesce(nullif(item.name, ''), kind.name)"

_SOURCES: Mapping[str, str] = {
    "Deployment": f"""SELECT item.id, {_TITLE} AS title, concat_ws(' · ', kind.name, home.name, env.name) AS detail,
            home.env_id, NULL::uuid AS parent_id, NULL::timestamptz AS newest,
            search.content || E'\\n' || lower(kind.name) || E'\\n' || lower(home.name) AS searched
        FROM deployments item JOIN deployment_kinds kind ON kind.id = item.kind_id
        JOIN k8s_clusters home ON home.id = item.cluster_id LEFT JOIN envs env ON env.id = home.env_id
        LEFT JOIN deployment_search search ON search.deployment_id = item.id WHERE {{seen}}""",  # noqa: S608
    "Task": f"""SELECT task.id, concat_ws(' ', task.word, {_TITLE}) AS title,
            concat_ws(' · ', task.status, left(task.reason, 200)) AS detail, home.env_id, NULL::uuid, task.execute_at,
            lower(concat_ws(E'\\n', task.id, task.word, {_TITLE}, left(task.reason, 2000))) AS searched
        FROM (SELECT newest.*, (SELECT word FROM jsonb_object_keys(newest.operation) word LIMIT 1) AS word
            FROM deployment_tasks newest
            WHERE newest.cluster_id IN (SELECT home.id FROM k8s_clusters home WHERE {{seen}})
            ORDER BY newest.execute_at DESC, newest.id LIMIT {NEWEST_TASKS}) task
        JOIN deployments item ON item.id = task.deployment_id
        JOIN deployment_kinds kind ON kind.id = item.kind_id
        JOIN k8s_clusters home ON home.id = task.cluster_id""",  # noqa: S608
    "Chart": f"""SELECT chart.id, concat_ws(' ', kind.name, {VERSION}) AS title,
            concat_ws(' · ', chart.parsed_branch, chart.image_tag) AS detail, NULL::uuid AS env_id,
            kind.id, chart.created_at,
            lower(concat_ws(E'\\n', kind.name, registry.repo_name, chart.image_tag, chart.parsed_version,
                chart.parsed_branch, chart.parsed_commit)) AS searched
        FROM helm_charts chart JOIN helm_registries registry ON registry.id = chart.helm_registry_id
        JOIN deployment_kinds kind ON kind.id = registry.kind_id WHERE chart.available""",  # noqa: S608
    "Cluster": """SELECT home.id, home.name AS title, concat_ws(' · ', home.region_name, env.name) AS detail,
            home.env_id, NULL::uuid, NULL::timestamptz,
            lower(concat_ws(E'\\n', home.name, home.region_name, env.name, home.ingress_domain)) AS searched
        FROM k8s_clusters home LEFT JOIN envs env ON env.id = home.env_id AND {seen}
        WHERE {shown_clusters}""",
    "Person": """SELECT person.id, person.display_name AS title, person.email AS detail, NULL::uuid AS env_id,
            NULL::uuid, NULL::timestamptz, lower(concat_ws(E'\\n', person.display_name, person.email)) AS searched
        FROM users person WHERE person.is_active""",
    "Resource": """SELECT resource.id, resource.name AS title, concat_ws(' · ', type.key, home.name) AS detail,
            home.env_id, type.id, NULL::timestamptz, lower(concat_ws(E'\\n', resource.name, type.key)) AS searched
        FROM deployment_resources resource JOIN deployment_resource_types type ON type.id = resource.type_id
        LEFT JOIN deployments manager ON manager.id = resource.deployment_id
        LEFT JOIN k8s_clusters home ON home.id = manager.cluster_id WHERE resource.exists AND {seen}""",
}
"""For each type the rows that are searched: id, title, detail, environment, what they belong to (a chart to its kind,
a resource to its type), when they are from, and the text in small letters."""


HIT = json_object({name: f"hit.{name}" for name in ("type", "id", "title", "detail", "env_id", "parent_id")})
"""The SQL of what is told of something that was found."""


def search(
    connection: Connection, words: tuple[str, ...], *, seen: SeenEnvs, confined: bool = False
) -> JsonValue:
    """Return `HIT` for what holds all words, the most important type first.

    ``confined``: the reader is a deployment, which sees clusters of its own environment only.
    """
    if not words:
        return []
    bound: dict[str, object] = {f"word_{place}": word for place, word in enumerate(words)}
    bound |= {"whole": " ".join(words), "seen": None if seen is None else list(seen)}
    statement = search_statement(words=len(words), scoped=seen is not None, confined=confined)
    row = driver_row(connection, statement, bound)
    assert row is not None  # noqa: S101 (the statement has no FROM)
    return cast("JsonValue", orjson.loads(row[0]))


@lru_cache
def search_statement(*, words: int, scoped: bool, confined: bool = False) -> str:
    """Return the statement for so many words, for the environments ``seen`` or for everything."""
    seen = "home.env_id = ANY (%(seen)s::uuid[])" if scoped else "true"
    sources = {
        name: source.replace("{shown_clusters}", seen if confined else "true").replace("{seen}", seen)
        for name, source in _SOURCES.items()
    }
    matches = " AND ".join(
        f"strpos(found.searched, lower(%(word_{place})s::text)) > 0" for place in range(words)
    )
    order = """lower(found.title) = lower(%(whole)s::text) DESC,
        starts_with(lower(found.title), lower(%(word_0)s::text)) DESC,
        found.newest DESC NULLS LAST, found.title, found.id"""
    each = " UNION ALL ".join(
        f"""SELECT {place} AS place, '{name}' AS type, hit.*, row_number() OVER () AS rank FROM (
            SELECT found.* FROM ({source})
                found (id, title, detail, env_id, parent_id, newest, searched)
            WHERE {matches} ORDER BY {order} LIMIT {MOST_HITS}) hit"""  # noqa: S608
        for place, (name, source) in enumerate(sources.items())
    )
    return f"""
        SELECT coalesce(json_agg({HIT} ORDER BY hit.place, hit.rank), '[]'::json)::text
        FROM ({each}) hit
    """  # noqa: S608 (only constants of this package are put in)
