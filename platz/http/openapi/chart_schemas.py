"""The documents of charts and of running deployments, for the OpenAPI document.

Invariant: no schema is written here. The schemas are derived from the documents that platz/charts reads and stores;
response models refer to them by name.

Source: docs/contract/data-model.md, "Reported status", "Chart documents in columns".
"""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import WithJsonSchema

from platz.charts.documents.actions import ACTIONS
from platz.charts.documents.chart_metadata import ChartMetadata
from platz.charts.documents.features import FEATURES
from platz.charts.documents.resource_types import ResourceType
from platz.charts.documents.status_document import StatusContent
from platz.charts.documents.ui_schema import UI_SCHEMA
from platz.charts.reading.codecs import all_definitions
from platz.http.openapi.models import STANDS_FOR
from platz.json import JsonObject

CHART_SCHEMAS: dict[str, JsonObject] = all_definitions(
    UI_SCHEMA.schema,
    ACTIONS,
    FEATURES,
    ResourceType.schema(),
    ChartMetadata.schema(),
    StatusContent.schema(),
)
"""The schemas by the names that API clients know."""

UiSchemaJson = Annotated[Any, WithJsonSchema({STANDS_FOR: "UiSchema"})]
ActionsJson = Annotated[Any, WithJsonSchema({STANDS_FOR: "ChartExtActions"})]
FeaturesJson = Annotated[Any, WithJsonSchema({STANDS_FOR: "ChartExtFeatures"})]
ResourceTypeJson = Annotated[Any, WithJsonSchema({STANDS_FOR: "ChartExtResourceTypeV1Beta1"})]
ResourceTypeSpecJson = Annotated[Any, WithJsonSchema({STANDS_FOR: "ChartExtResourceTypeV1Beta1Spec"})]
StatusContentJson = Annotated[Any, WithJsonSchema({STANDS_FOR: "DeploymentReportedStatusContent"})]
