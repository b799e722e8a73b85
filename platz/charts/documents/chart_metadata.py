"""The fields that Platz takes from Chart.yaml.

Invariant: all other fields are ignored; plain scalars are taken as text.

Source: docs/contract/chart-extensions.md, "Chart.yaml".
"""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from platz.charts.reading.codecs import TEXT
from platz.charts.reading.decoding import Cursor, decoded
from platz.charts.reading.document_objects import DocumentObject
from platz.charts.reading.members import nullable, required
from platz.charts.reading.syntax import read_yaml_file
from platz.charts.reading.yaml_scalars import plain_text
from platz.json import JsonValue
from platz.web_addresses import DEFAULT_PORTS, normalised_url

CHART_FILE = "Chart.yaml"
MAX_TEXT_LENGTH = 512
"""Characters of a version or an annotation; PostgreSQL can index any text of this length."""

_API_VERSIONS = ("v2", "v1")
"""v1 charts are those of Helm 2, whose dependencies are in ``requirements.yaml``; Helm still installs them."""

_ABSOLUTE_URL = re.compile(r"(?P<scheme>[A-Za-z][A-Za-z0-9+.-]*):\S+", re.ASCII)
ANNOTATIONS = {
    "git_commit": "platz.io/git/commit",
    "git_branch": "platz.io/git/branch",
    "git_repo": "platz.io/git/repo",
    "git_provider": "platz.io/git/provider",
}
"""The annotations that are read, by attribute."""


class ChartMetadata(DocumentObject, name="ChartMetadata"):
    """What `Chart.yaml` says about the origin of a chart."""

    version: str = required(TEXT)
    git_commit: str | None = nullable(TEXT)
    git_branch: str | None = nullable(TEXT)
    git_repo: str | None = nullable(TEXT)
    git_provider: str | None = nullable(TEXT)


def parse_chart_metadata(content: bytes) -> ChartMetadata:
    """Read Chart.yaml; raise `InvalidDocument`."""
    return metadata_from(read_yaml_file(content, resolve=plain_text).value)


def metadata_from(document: JsonValue) -> ChartMetadata:
    """Read the parsed Chart.yaml; raise `InvalidDocument`."""
    return decoded(document, _metadata)


def _metadata(cursor: Cursor) -> ChartMetadata:
    fields = cursor.fields("apiVersion", "version", "annotations")
    api_version = fields.need("apiVersion")
    if api_version.value not in _API_VERSIONS:
        api_version.complain("Helm knows no such apiVersion of charts.", "Write apiVersion: v2.")
    annotations = fields.nullable("annotations", _annotations) or {}
    return ChartMetadata(version=_text(fields.need("version")), **annotations)


def _annotations(cursor: Cursor) -> dict[str, str | None]:
    fields = cursor.fields(*ANNOTATIONS.values())
    return {
        name: fields.nullable(key, _repository if name == "git_repo" else _text)
        for name, key in ANNOTATIONS.items()
    }


def _text(cursor: Cursor) -> str:
    text = cursor.text()
    if len(text) > MAX_TEXT_LENGTH:
        cursor.complain(f"The text has more than {MAX_TEXT_LENGTH} characters.", "Shorten it.")
    return text


def _repository(cursor: Cursor) -> str:
    text = _text(cursor)
    match = _ABSOLUTE_URL.fullmatch(text)
    if (
        match is not None and match["scheme"].lower() not in DEFAULT_PORTS
    ):  # a URL with such a scheme need not name a host
        return text
    try:
        if match is not None and urlsplit(text).hostname:
            return normalised_url(text)
    except ValueError:  # a malformed host
        pass
    cursor.complain("The git repository is not an absolute URL.", "Write it with scheme and host.")
    return text
