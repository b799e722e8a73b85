"""The errors of rendering values, secrets or the body of an action's request.

Invariant: an error has one code and the parameters of that code; its sentence names every parameter and says what to
change. Parameters are ids, names and references, never the values of inputs, except for text that was given
in place of an item's id.

Source: docs/contract/chart-extensions.md, "Rendering errors".
"""

from __future__ import annotations

from enum import StrEnum

from platz.charts.reading.json_text import compact_json
from platz.charts.reading.problems import quoted
from platz.errors import Rejected
from platz.json import JsonValue


class RenderingErrorCode(StrEnum):
    """The kinds of error, spelled as in the contract."""

    MISSING_INPUT_SCHEMA = "missing_input_schema"
    MISSING_INPUT_VALUE = "missing_input_value"
    INPUT_NOT_A_COLLECTION = "input_not_a_collection"
    INVALID_COLLECTION_NAME = "invalid_collection_name"
    INPUT_NOT_STRING = "input_not_string"
    INPUT_NOT_STRING_ARRAY = "input_not_string_array"
    INVALID_COLLECTION_ID = "invalid_collection_id"
    UNSUPPORTED_COLLECTION = "unsupported_collection"
    UNKNOWN_PROPERTY = "unknown_property"
    COLLECTION_ITEM_NOT_FOUND = "collection_item_not_found"
    COLLECTION_ERROR = "collection_error"
    CLUSTER_HAS_NO_INGRESS_DOMAIN = "cluster_has_no_ingress_domain"
    VALUES_PATH_BLOCKED = "values_path_blocked"
    TOO_LARGE = "too_large"


_MAX_PARAMETER_LENGTH = 500
"""Characters after which a parameter is cut; ids and names stay whole (docs/contract/chart-extensions.md, "Rendering
errors")."""

_SENTENCES = {
    RenderingErrorCode.MISSING_INPUT_SCHEMA: (
        "An output refers to the input {0}, which the chart does not declare. Declare it under inputs, or correct"
        " the output."
    ),
    RenderingErrorCode.MISSING_INPUT_VALUE: "The input {0} is required but has no value. Fill it in.",
    RenderingErrorCode.INPUT_NOT_A_COLLECTION: (
        "An output takes a property of the input {0}, which is not a CollectionSelect. Use FieldValue, or change"
        " the input's type."
    ),
    RenderingErrorCode.INVALID_COLLECTION_NAME: (
        "An input refers to the collection {0}, which is not a valid reference."
    ),
    RenderingErrorCode.INPUT_NOT_STRING: "The value of the input {0} is not the id of an item. Select an item.",
    RenderingErrorCode.INPUT_NOT_STRING_ARRAY: (
        "The value of the input {0} is not a list of items' ids. Select an item in every row."
    ),
    RenderingErrorCode.INVALID_COLLECTION_ID: "{0} is not the id of an item (a UUID). Select an item.",
    RenderingErrorCode.UNSUPPORTED_COLLECTION: (
        "Items of the collection {0} have no properties. Use deployments, secrets or a resource type."
    ),
    RenderingErrorCode.UNKNOWN_PROPERTY: "There is no property {0} in the collection {1}. Correct the output.",
    RenderingErrorCode.COLLECTION_ITEM_NOT_FOUND: (
        "The collection {0} has no item {1} in this environment. Select another item."
    ),
    RenderingErrorCode.COLLECTION_ERROR: (
        "An item that an input selects could not be looked up ({0}). Select an item that still exists."
    ),
    RenderingErrorCode.CLUSTER_HAS_NO_INGRESS_DOMAIN: (
        "The chart needs an ingress, but the cluster has no ingress domain. Set the cluster's ingress domain."
    ),
    RenderingErrorCode.VALUES_PATH_BLOCKED: (
        "The chart's features name the values path {0}, but something on the way is not an object. Correct"
        " node_selector_paths or tolerations_paths."
    ),
    RenderingErrorCode.TOO_LARGE: "The inputs make values that are too large or nest too deep. Shorten them.",
}


class RenderingFailed(Rejected):
    """The chart's outputs could not be rendered."""

    def __init__(self, code: RenderingErrorCode, *parameters: JsonValue, remedy: str = "") -> None:
        """Take the code's parameters in the order of the contract's table, and what ``remedy`` adds to its sentence."""
        self.code = code
        self.parameters = parameters
        super().__init__(f"{_SENTENCES[code].format(*map(_shown, parameters))} {remedy}".strip())


def _shown(parameter: JsonValue) -> str:
    if isinstance(parameter, str):
        return quoted(parameter, max_length=_MAX_PARAMETER_LENGTH)
    return quoted(compact_json(parameter), marks="", max_length=_MAX_PARAMETER_LENGTH)
