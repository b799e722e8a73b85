"""The versions of the document formats.

Source: docs/contract/chart-extensions.md, "Versions of the documents".
"""

from __future__ import annotations

from enum import StrEnum


class Version(StrEnum):
    """A version of a document format; v0 documents have no header."""

    V0 = "v0"
    V1BETA1 = "v1beta1"
    V1BETA2 = "v1beta2"

    @property
    def api_version(self) -> str:
        """The text under ``apiVersion``; never used for v0, whose documents have no header."""
        return f"platz.io/{self.value}"
