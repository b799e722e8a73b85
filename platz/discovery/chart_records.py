"""The recording of charts that a search found and read.

Invariant: recording is idempotent for a registry, tag and digest, even when a chart is reported twice or by two
processes at once. A chart whose first reading failed is read again; of one that was read, only the availability and
the tag information ever change.

Source: docs/contract/workers.md, "ECR push", "ECR deletion", "Download and reading of a chart", "Kind from a
repository name", "Chart rows and tag information", "Tag parser".
"""

from __future__ import annotations

from collections.abc import Collection, Iterable

from sqlalchemy import Connection

from platz.charts.chart import ReadChart
from platz.charts.documents.derived_names import kind_from_repository
from platz.charts.tag_formats import TagFormat, chart_information, from_tag
from platz.db.enums import RegistryProvider
from platz.db.tables import charts, kinds, registries
from platz.db.tables.charts import NewChartRow, TaggedChart, TagInfo
from platz.db.tables.registries import RegistryId
from platz.discovery.findings import FoundChart
from platz.identities import ChartId


def seen_again(connection: Connection, found: FoundChart) -> bool:
    """Return whether the chart needs no download, because it is recorded and could be read.

    Such a chart is marked as available again if it had been deleted from the registry meanwhile.
    """
    registry = registries.find(connection, found.domain_name, found.repo_name)
    row = charts.find(connection, registry.id, found.tag, found.digest) if registry else None
    if registry is None or row is None or row.error is not None:
        return False
    if not row.available:
        charts.mark_available(connection, registry.id, found.digest, tag=found.tag, available=True)
    return True


def record_chart(connection: Connection, found: FoundChart, read: ReadChart) -> ChartId | None:
    """Record a chart together with its registry and kind, or replace the documents of one that could not be read.

    Returns the chart's id, or None when a recorded chart keeps its documents. A chart that was deleted from the
    registry and pushed again is marked as available.
    """
    registry_id = _registry(connection, found)
    new = _row(connection, registry_id, found, read)
    chart_id = charts.insert_if_absent(connection, new)
    if chart_id is not None:
        return chart_id
    charts.mark_available(connection, registry_id, found.digest, tag=found.tag, available=True)
    known = charts.find(connection, registry_id, found.tag, found.digest)
    if known is None or known.error is None or read.error is not None:
        return None
    charts.replace_documents(connection, known.id, new)
    return known.id


def record_removal(
    connection: Connection, *, domain_name: str, repo_name: str, digest: str, tag: str | None = None
) -> list[ChartId]:
    """Mark the charts of a digest, or only the one with ``tag``, as deleted from the registry.

    Returns the ids that changed.
    """
    registry = registries.find(connection, domain_name, repo_name)
    if registry is None:
        return []
    return charts.mark_available(connection, registry.id, digest, tag=tag, available=False)


def record_present(
    connection: Connection, *, domain_name: str, repo_name: str, present: Iterable[tuple[str, str]]
) -> list[ChartId]:
    """Mark the charts of a repository that are not in ``present`` (tag, digest) as deleted.

    ``present`` must be complete. Meant for registries that do not report deletions. Returns the ids that changed.
    """
    registry = registries.find(connection, domain_name, repo_name)
    if registry is None:
        return []
    gone = set(charts.available_images(connection, registry.id)) - set(present)
    return [
        chart_id
        for tag, digest in sorted(gone)
        for chart_id in charts.mark_available(connection, registry.id, digest, tag=tag, available=False)
    ]


def record_repositories(
    connection: Connection, *, domain_name: str, present: Collection[str]
) -> list[ChartId]:
    """Mark the charts of an OCI registry's repositories that are not in ``present`` as deleted.

    ``present`` must be complete. Returns the ids that changed.
    """
    missing = registries.with_available_charts(connection, domain_name, RegistryProvider.OCI) - set(present)
    return [
        chart_id
        for repository in sorted(missing)
        for chart_id in record_present(connection, domain_name=domain_name, repo_name=repository, present=())
    ]


def apply_tag_formats(connection: Connection) -> int:
    """Parse the tags of all charts with the present formats; return the number of rows that changed.

    Charts whose branch or commit came from their own metadata stay as they are, and so do those whose tag no format
    matches. A chart that could be read keeps its version, and gets no revision.
    """
    formats = _formats(connection)
    return _reparse(connection, formats, charts.tagged(connection)) if formats else 0


def _reparse(connection: Connection, formats: list[TagFormat], tagged: Iterable[TaggedChart]) -> int:
    changed = {
        chart.id: info
        for chart in tagged
        if not _names_its_origin(chart) and (info := _parsed_again(chart, formats)) != chart.tag_info
    }
    charts.set_tag_info(connection, changed)
    return len(changed)


def _names_its_origin(chart: TaggedChart) -> bool:
    """Return whether branch and commit came from `Chart.yaml`.

    The row then has no tag format and no revision, but a branch or a commit, neither of them empty. A tag format would
    have been recorded, or would have left an empty text for each part that it does not find.
    """
    info = chart.tag_info
    origin = (info.parsed_branch, info.parsed_commit)
    return (
        info.tag_format_id is None
        and info.parsed_revision is None
        and any(text is not None for text in origin)
        and "" not in origin
    )


def _parsed_again(chart: TaggedChart, formats: list[TagFormat]) -> TagInfo:
    found = from_tag(chart.image_tag, formats)
    if found.tag_format_id is None:
        return chart.tag_info
    if chart.has_error or chart.tag_info.parsed_version is None:
        return TagInfo(**vars(found))
    return TagInfo(
        tag_format_id=found.tag_format_id,
        parsed_version=chart.tag_info.parsed_version,
        parsed_branch=found.parsed_branch,
        parsed_commit=found.parsed_commit,
    )


def _registry(connection: Connection, found: FoundChart) -> RegistryId:
    """Return the registry, created if it is new; its kind is then derived from the repository's name."""
    known = registries.find(connection, found.domain_name, found.repo_name)
    if known is not None:
        return known.id
    return registries.get_or_create(
        connection,
        domain_name=found.domain_name,
        repo_name=found.repo_name,
        kind_id=kinds.get_or_create(connection, kind_from_repository(found.repo_name)).id,
        provider=found.provider,
        created_at=found.registry_created_at,
    ).id


def _row(connection: Connection, registry_id: RegistryId, found: FoundChart, read: ReadChart) -> NewChartRow:
    info = chart_information(read.metadata, found.tag, _formats(connection))
    return NewChartRow(
        created_at=found.pushed_at,
        helm_registry_id=registry_id,
        image_digest=found.digest,
        image_tag=found.tag,
        values_ui=read.values_ui,
        actions_schema=read.actions_schema,
        features=read.features,
        resource_types=read.resource_types,
        error=read.error,
        warnings=list(read.warnings) or None,
        tag_info=TagInfo(**vars(info)),
    )


def _formats(connection: Connection) -> list[TagFormat]:
    return [
        TagFormat(id=format_id, pattern=pattern) for format_id, pattern in charts.tag_patterns(connection)
    ]
