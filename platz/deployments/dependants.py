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

from platz.charts.collections import TABLES
from platz.db.deployments import DeploymentRow
from platz.db.rows import all_rows
from platz.db.states import DeploymentStatus
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
    names = () if key in TABLES else (key,)  # a table's name is never the legacy notation
    return Item(id=resource_id, names=names, described={"deployment": kind_name, "type": key})


_DEPENDANTS = text(
    r"""
    select distinct d.created_at, d.id, d.name, d.kind_id, d.enabled, d.status
    from deployments d
    join deployment_tasks t on t.id = d.revision_id
    cross join lateral (select coalesce(t.operation->'Install', t.operation->'Upgrade') as run) as revision
    join helm_charts c on c.id = case
        when revision.run->>'helm_chart_id' ~ '^[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}$'
        then cast(revision.run->>'helm_chart_id' as uuid) end
    cross join lateral jsonb_array_elements(
        case when jsonb_typeof(c.values_ui->'inputs') = 'array' then c.values_ui->'inputs' else '[]' end
    ) as input(schema)
    cross join lateral (select revision.run->'config_inputs'->(input.schema->>'id') as value) as given
    cross join lateral jsonb_array_elements(
        case jsonb_typeof(given.value)
            when 'array' then given.value
            when 'string' then jsonb_build_array(given.value)
            else '[]'
        end
    ) as selected(item)
    where d.id <> :id
        -- Cheap, and leaves few revisions to look into: every notation of the id has its digits in one of two ways.
        and (strpos(lower(cast(revision.run->'config_inputs' as text)), :hyphenated) > 0
            or strpos(lower(cast(revision.run->'config_inputs' as text)), :digits) > 0)
        and lower(input.schema->>case input.schema->>'type' when 'array' then 'itemType' else 'type' end)
            = 'collectionselect'
        and (input.schema->'collection' = any(select jsonb_array_elements(cast(:names as jsonb)))
            or input.schema->'collection' @> cast(:described as jsonb))
        and jsonb_typeof(selected.item) = 'string'
        and (lower(selected.item #>> '{}') in (:digits, :hyphenated, '{' || :hyphenated || '}')
            or selected.item #>> '{}' like 'urn:uuid:%' and lower(selected.item #>> '{}') = :urn)
    order by d.created_at, d.id
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
