"""Who uses an item: the deployments whose running config selects it (data-model.md 9, chart-extensions.md
6.1).

Invariant: what counts is what runs (the chart and inputs of the revision task), not what is wanted. A
deployment is no dependant of itself. A chart whose stored form is not what it should be has no inputs, and
fails nobody else.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from uuid import UUID

import orjson
from sqlalchemy import Connection, text

from platz.charts.documents.db_tables import TABLE_NAMES
from platz.db.enums import DeploymentStatus
from platz.db.rows import all_rows
from platz.db.tables.deployments import DeploymentRow
from platz.errors import Conflict
from platz.identities import DeploymentId, KindId
from platz.json import JsonObject


@dataclass(frozen=True, kw_only=True)
class Dependant:
    """A deployment that uses an item."""

    id: DeploymentId
    name: str
    kind_id: KindId
    enabled: bool
    status: DeploymentStatus


@dataclass(frozen=True, kw_only=True)
class Item:
    """Something that an input can select: its id, and the references under which its collection is known."""

    id: UUID
    names: tuple[str, ...]
    described: JsonObject | None = None


def deployment_item(deployment_id: UUID) -> Item:
    """A deployment, as an item."""
    return Item(id=deployment_id, names=("deployments",))


def secret_item(secret_id: UUID) -> Item:
    """A secret, as an item."""
    return Item(id=secret_id, names=("secrets",))


def resource_item(resource_id: UUID, *, kind_name: str, key: str) -> Item:
    """A deployment resource, as an item: by the object notation and by the legacy key."""
    names = () if key in TABLE_NAMES else (key,)  # a table's name is never the legacy notation
    return Item(id=resource_id, names=names, described={"deployment": kind_name, "type": key})


_DEPENDANTS = text(
    r"""
    with revision as materialized (
        select d.created_at, d.id, d.name, d.kind_id, d.enabled, d.status,
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
    select distinct r.created_at, r.id, r.name, r.kind_id, r.enabled, r.status
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
    order by r.created_at, r.id
    """
)


def dependants_of(connection: Connection, item: Item) -> list[Dependant]:
    """The deployments that use the item, in all environments, oldest first; one statement."""
    parameters = {
        "id": item.id,
        "digits": item.id.hex,
        "hyphenated": str(item.id),
        "urn": item.id.urn,
        "names": orjson.dumps(item.names).decode(),
        "described": None if item.described is None else orjson.dumps(item.described).decode(),
    }
    return all_rows(connection, _DEPENDANTS.bindparams(**parameters), _dependant)


def _dependant(*, status: str, created_at: object, **columns: object) -> Dependant:  # noqa: ARG001 (only orders)
    return Dependant(status=DeploymentStatus(status), **columns)  # pyright: ignore[reportArgumentType]


def refuse_if_used(refusal: str, dependants: Iterable[Dependant | DeploymentRow]) -> None:
    """Raise Conflict with ``refusal`` and the list of those in the way, if there are any."""
    found = list(dependants)
    if found:
        raise Conflict(f"{refusal}: {listed(found)}")


def listed(dependants: Sequence[Dependant | DeploymentRow]) -> str:
    """The list of a conflict message (http-api.md 7.12)."""
    return ", ".join(f"{dependant.name} (Kind ID: {dependant.kind_id})" for dependant in dependants)
