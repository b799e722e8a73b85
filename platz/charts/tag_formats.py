"""Version, revision, branch and commit of a chart, from its tag or its Chart.yaml.

Invariant: the newest format that matches anywhere in the tag decides. A group that took no part in the match gives
the empty text; if no format matches, all fields are None.

Source: docs/contract/workers.md, "Chart rows and tag information".
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from platz.charts.documents.chart_metadata import ChartMetadata
from platz.charts.patterns import InvalidPattern, Match, compile_pattern
from platz.errors import Rejected


@dataclass(frozen=True, kw_only=True)
class TagFormat:
    """One row of ``helm_tag_formats``."""

    id: UUID
    pattern: str


@dataclass(frozen=True, kw_only=True)
class TagInformation:
    """The five columns of a chart's row that are derived from its tag or Chart.yaml."""

    tag_format_id: UUID | None = None
    parsed_version: str | None = None
    parsed_revision: str | None = None
    parsed_branch: str | None = None
    parsed_commit: str | None = None


def validate_pattern(pattern: str) -> None:
    """Raise `Rejected` for the field ``pattern`` if the pattern does not compile."""
    try:
        compile_pattern(pattern)
    except InvalidPattern as error:
        raise Rejected(error.message, field="pattern") from error


def from_tag(tag: str, newest_first: Iterable[TagFormat]) -> TagInformation:
    """Match a tag against the formats; a stored pattern that does not compile matches nothing."""
    for tag_format in newest_first:
        try:
            pattern = compile_pattern(tag_format.pattern)
        except InvalidPattern:
            continue
        match = pattern.search(tag)
        if match is not None:
            return _information(tag_format.id, match, pattern.group_names())
    return TagInformation()


def chart_information(
    metadata: ChartMetadata | None, tag: str, newest_first: Iterable[TagFormat]
) -> TagInformation:
    """Combine a chart's own metadata (None if the chart could not be read) with its tag."""
    if metadata is None:
        return from_tag(tag, newest_first)
    if metadata.git_commit is not None or metadata.git_branch is not None:
        return TagInformation(
            parsed_version=metadata.version,
            parsed_branch=metadata.git_branch,
            parsed_commit=metadata.git_commit,
        )
    found = from_tag(tag, newest_first)
    return TagInformation(
        tag_format_id=found.tag_format_id,
        parsed_version=metadata.version,
        parsed_branch=found.parsed_branch,
        parsed_commit=found.parsed_commit,
    )


def _information(format_id: UUID, match: Match, names: frozenset[str]) -> TagInformation:
    def group(name: str) -> str:
        return (match.group(name) or "") if name in names else ""

    return TagInformation(
        tag_format_id=format_id,
        parsed_version=group("version"),
        parsed_revision=group("revision"),
        parsed_branch=group("branch"),
        parsed_commit=group("commit"),
    )
