"""Queries over `helm_charts`.

Invariant: a chart has one row for its registry, tag and digest, however often and by whichever process of Platz it is
found. Programs of the former server may add further rows; then the oldest one counts.

Source: docs/contract/data-model.md, "Table helm_charts"; docs/contract/workers.md, "ECR push", "ECR
deletion", "Download and reading of a chart", "Kind from a repository name", "Chart rows and tag information",
"Tag parser".
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, bindparam, func, insert, select, true, update

from platz.db import schema
from platz.db.rows import all_rows, columns_of, first_row
from platz.db.tables.registries import RegistryId
from platz.identities import ChartId, KindId
from platz.json import JsonValue

charts = schema.helm_charts


@dataclass(frozen=True, kw_only=True)
class TagInfo:
    """The parsed version of a chart, and the tag format that parsed it."""

    tag_format_id: UUID | None = None
    parsed_version: str | None = None
    parsed_revision: str | None = None
    parsed_branch: str | None = None
    parsed_commit: str | None = None


@dataclass(frozen=True, kw_only=True)
class ChartRow:
    """The columns of `helm_charts` that are read."""

    id: ChartId
    helm_registry_id: RegistryId
    image_digest: str
    image_tag: str
    available: bool
    values_ui: JsonValue
    actions_schema: JsonValue
    features: JsonValue
    resource_types: JsonValue
    error: str | None


COLUMNS = columns_of(charts, ChartRow)


@dataclass(frozen=True, kw_only=True)
class NewChartRow:
    """A chart as discovery found and read it."""

    created_at: datetime
    helm_registry_id: RegistryId
    image_digest: str
    image_tag: str
    values_ui: JsonValue
    actions_schema: JsonValue
    features: JsonValue
    resource_types: JsonValue
    error: str | None
    warnings: JsonValue
    tag_info: TagInfo


def get(connection: Connection, chart_id: ChartId) -> ChartRow | None:
    """Return the chart, or None."""
    return first_row(connection, select(*COLUMNS).where(charts.c.id == chart_id), ChartRow)


def kind_of(connection: Connection, chart_id: ChartId) -> KindId | None:
    """Return the kind of the chart's registry, or None when there is no such chart."""
    registries = schema.helm_registries
    query = (
        select(registries.c.kind_id)
        .join(charts, charts.c.helm_registry_id == registries.c.id)
        .where(charts.c.id == chart_id)
    )
    found: UUID | None = connection.scalar(query)
    return None if found is None else KindId(found)


def find(connection: Connection, registry_id: RegistryId, tag: str, digest: str) -> ChartRow | None:
    """Return the chart of this registry, tag and digest, or None."""
    query = select(*COLUMNS).where(
        charts.c.helm_registry_id == registry_id, charts.c.image_tag == tag, charts.c.image_digest == digest
    )
    return first_row(connection, query.order_by(charts.c.created_at, charts.c.id).limit(1), ChartRow)


def insert_if_absent(connection: Connection, new: NewChartRow) -> ChartId | None:
    """Insert the chart and return its id; return None, and leave the row as it is, when the chart exists already.

    Call it in a transaction: others who insert the same chart wait for its end.
    """
    # No unique index keeps a chart from being recorded twice: it would stop programs of the former server.
    image = f"platz:chart:{new.helm_registry_id}:{new.image_tag}:{new.image_digest}"
    connection.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(image, 0))))
    if find(connection, new.helm_registry_id, new.image_tag, new.image_digest) is not None:
        return None
    values: dict[str, Any] = {**vars(new), **vars(new.tag_info)}
    del values["tag_info"]
    inserted: UUID = connection.execute(insert(charts).values(**values).returning(charts.c.id)).scalar_one()
    return ChartId(inserted)


def replace_documents(connection: Connection, chart_id: ChartId, new: NewChartRow) -> None:
    """Replace a chart's documents, error, warnings and tag information, after its first reading had failed."""
    values: dict[str, Any] = {
        "values_ui": new.values_ui,
        "actions_schema": new.actions_schema,
        "features": new.features,
        "resource_types": new.resource_types,
        "error": new.error,
        "warnings": new.warnings,
        **vars(new.tag_info),
    }
    connection.execute(update(charts).where(charts.c.id == chart_id).values(**values))


def mark_available(
    connection: Connection, registry_id: RegistryId, digest: str, *, tag: str | None = None, available: bool
) -> list[ChartId]:
    """Set whether the charts of a digest, or only the one with ``tag``, are available; return the ids that changed."""
    statement = (
        update(charts)
        .where(charts.c.helm_registry_id == registry_id, charts.c.image_digest == digest)
        .where(charts.c.image_tag == tag if tag is not None else true())
        .where(charts.c.available != available)
        .values(available=available)
        .returning(charts.c.id)
    )
    return [ChartId(chart_id) for chart_id in connection.scalars(statement)]


def available_images(connection: Connection, registry_id: RegistryId) -> list[tuple[str, str]]:
    """Return (tag, digest) of every chart of the registry that is marked as available."""
    query = select(charts.c.image_tag, charts.c.image_digest).where(
        charts.c.helm_registry_id == registry_id, charts.c.available
    )
    return [(tag, digest) for tag, digest in connection.execute(query)]


@dataclass(frozen=True, kw_only=True)
class TaggedChart:
    """The columns of a chart that are needed to parse its tag again."""

    id: ChartId
    image_tag: str
    has_error: bool
    tag_info: TagInfo


def tagged(connection: Connection) -> list[TaggedChart]:
    """Return the tags and tag information of all charts, newest first."""
    query = select(
        charts.c.id,
        charts.c.image_tag,
        charts.c.error.is_not(None).label("has_error"),
        charts.c.tag_format_id,
        charts.c.parsed_version,
        charts.c.parsed_revision,
        charts.c.parsed_branch,
        charts.c.parsed_commit,
    ).order_by(charts.c.created_at.desc(), charts.c.id)
    return all_rows(connection, query, _tagged_chart)


def _tagged_chart(*, id: ChartId, image_tag: str, has_error: bool, **info: Any) -> TaggedChart:  # noqa: A002 (a column's name); Any: the columns of TagInfo
    return TaggedChart(id=id, image_tag=image_tag, has_error=has_error, tag_info=TagInfo(**info))


def set_tag_info(connection: Connection, infos: Mapping[ChartId, TagInfo]) -> None:
    """Write new tag information into the given charts."""
    if infos:
        statement = update(charts).where(charts.c.id == bindparam("chart"))
        connection.execute(statement, [{"chart": chart_id, **vars(info)} for chart_id, info in infos.items()])


def tag_patterns(connection: Connection) -> list[tuple[UUID, str]]:
    """Return (id, pattern) of the tag formats in the order in which they are tried, the newest first."""
    formats = schema.helm_tag_formats
    query = select(formats.c.id, formats.c.pattern).order_by(formats.c.created_at.desc(), formats.c.id)
    return [(format_id, pattern) for format_id, pattern in connection.execute(query)]
