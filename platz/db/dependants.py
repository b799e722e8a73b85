"""The dependants of an item: the deployments whose running config selects it.

Invariant: the running chart and inputs (those of the revision task) count, not the desired ones. A deployment is
never a dependant of itself. A chart whose stored form is malformed has no inputs, and does not make the query fail.

Source: docs/contract/data-model.md, "Use of items by deployments"; docs/contract/chart-extensions.md, "Items
that a config uses".
"""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

import orjson
from sqlalchemy import Connection, text

from platz.db.rows import all_rows
from platz.db.tables.deployments import SUMMARY, DeploymentSummary
from platz.json import JsonObject


@dataclass(frozen=True, kw_only=True)
class Item:
    """Something that an input can select: its id, and the references by which a chart may name its collection.

    ``names`` are references that are plain strings, ``described`` is the one that is an object, if any.
    """

    id: UUID
    names: tuple[str, ...]
    described: JsonObject | None = None


_DEPENDANTS = text(
    r"""
    with revision as materialized (
        select d.created_at, d.id, d.name, d.kind_id, d.enabled, d.status, d.reason,
            run->'config_inputs' as inputs,
            case when run->>'helm_chart_id' ~ '^[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}$'
                then cast(run->>'helm_chart_id' as uuid) end as chart_id
        from deployments d
        join deployment_tasks t on t.id = d.revision_id
        cross join lateral coalesce(t.operation->'Install', t.operation->'Upgrade') as run
        where d.id <> :id
    ), selecting as materialized (
        -- The inputs that select from the collection; there are few charts, and few such inputs in each.
        select distinct c.id as chart_id, input->>'id' as input_id, input->>'type' = 'array' as is_array
        from helm_charts c
        cross join lateral jsonb_array_elements(
            case when jsonb_typeof(c.values_ui->'inputs') = 'array' then c.values_ui->'inputs' else '[]' end
        ) as input
        where c.id in (select chart_id from revision)
            and lower(input->>case input->>'type' when 'array' then 'itemType' else 'type' end)
                = 'collectionselect'
            and (input->'collection' = any(select jsonb_array_elements(cast(:names as jsonb)))
                or input->'collection' @> cast(:described as jsonb))
    )
    select id, name, kind_id, enabled, status, reason from (
        select distinct r.created_at, r.id, r.name, r.kind_id, r.enabled, r.status, r.reason
        from revision r
        join selecting s on s.chart_id = r.chart_id
            -- Cheap, and leaves few values to take apart: each notation has the id's digits in one of two ways.
            and lower(r.inputs->>s.input_id) like any(array['%' || :digits || '%', '%' || :hyphenated || '%'])
        cross join lateral jsonb_array_elements(
            case
                when jsonb_typeof(r.inputs->s.input_id) = 'string' then jsonb_build_array(r.inputs->s.input_id)
                when jsonb_typeof(r.inputs->s.input_id) = 'array' and s.is_array then r.inputs->s.input_id
                else '[]'
            end
        ) as item
        where jsonb_typeof(item) = 'string'
            and (lower(item #>> '{}') in (:digits, :hyphenated, '{' || :hyphenated || '}')
                or item #>> '{}' like 'urn:uuid:%' and lower(item #>> '{}') = :urn)
    ) as dependant
    order by created_at, id
    """
).columns(*SUMMARY)


def dependants_of(connection: Connection, item: Item) -> list[DeploymentSummary]:
    """Return the deployments that use the item, in all environments, oldest first, with one statement."""
    parameters = {
        "id": item.id,
        "digits": item.id.hex,
        "hyphenated": str(item.id),
        "urn": item.id.urn,
        "names": orjson.dumps(item.names).decode(),
        "described": None if item.described is None else orjson.dumps(item.described).decode(),
    }
    return all_rows(connection, _DEPENDANTS.bindparams(**parameters), DeploymentSummary)
