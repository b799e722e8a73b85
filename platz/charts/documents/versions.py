"""The versions of the document formats.

Source: docs/contract/chart-extensions.md, "Versions of the documents".
"""

from __future__ import annotations

from enum import StrEnum

from platz.charts.reading.codecs import Codec, exactly


class Version(StrEnum):
    """A version of a document format; v0 documents have no header."""

    V0 = "v0"
    V1BETA1 = "v1beta1"
    V1BETA2 = "v1beta2"

    @property
    def api_version(self) -> str:
        """The text under ``apiVersion``; never used for v0, whose documents have no header."""
        return f"platz.io/{self.value}"


V1BETA1_HEADER = exactly(
    Version.V1BETA1.api_version, name="ChartExtVersionV1Beta1", meaning="The version v1beta1 of a document."
)
V1BETA2_HEADER = exactly(
    Version.V1BETA2.api_version, name="ChartExtVersionV1Beta2", meaning="The version v1beta2 of a document."
)


def kind_header(kind: str) -> Codec[str]:
    """Return the codec of a document's ``kind``."""
    return exactly(kind, name=f"ChartExtKind{kind}", meaning=f"The kind {kind} of a document.")
