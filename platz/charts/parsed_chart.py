"""A chart that was read without errors: the documents of its files in typed form.

Invariant: a document is None exactly when its file is missing.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic, TypeVar

from platz.charts.documents.actions import ActionsDocument
from platz.charts.documents.chart_metadata import ChartMetadata
from platz.charts.documents.features import FeaturesDocument
from platz.charts.documents.resource_types import ResourceType
from platz.charts.documents.ui_schema import UiSchema
from platz.json import JsonValue

T = TypeVar("T")


@dataclass(frozen=True, kw_only=True)
class ParsedFile(Generic[T]):
    """One file: its name, and its document as written, as typed objects and in stored form."""

    name: str
    written: JsonValue
    parsed: T
    stored: JsonValue


@dataclass(frozen=True, kw_only=True)
class ParsedChart:
    """Everything that Platz reads of a chart."""

    metadata: ChartMetadata
    ui_schema: ParsedFile[UiSchema] | None
    actions: ParsedFile[ActionsDocument] | None
    features: ParsedFile[FeaturesDocument] | None
    resource_types: ParsedFile[tuple[ResourceType, ...]] | None
