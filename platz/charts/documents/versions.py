"""The generations of the documents' formats.

Source: docs/contract/chart-extensions.md, "Versions of the documents".
"""

from __future__ import annotations

from enum import StrEnum


class Version(StrEnum):
    """A generation; v0 documents carry no header."""

    V0 = "v0"
    V1BETA1 = "v1beta1"
    V1BETA2 = "v1beta2"

    @property
    def api_version(self) -> str:
        """The text under ``apiVersion``; v0 has none, so nothing equals it."""
        return f"platz.io/{self.value}"
