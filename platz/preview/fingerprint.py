"""The id of a preview: digests of all that it was made from, so that it can be told whether the same still holds.

Invariant: the id holds no secret and nothing that could be guessed from it, because each digest is made with a key of
the installation; and nothing is stored.

Source: docs/contract/http-api.md, "Applying what was shown".
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, fields

from platz.db.tables.deployments import DeploymentRow
from platz.errors import Conflict, Rejected
from platz.json import JsonObject, JsonValue
from platz.preview.rehearsal import Rehearsal
from platz.preview.release_history import ReleaseHistory
from platz.preview.rendered_values import Rendered

_BYTES = 12
_FORM = re.compile(r"1(?:\.[A-Za-z0-9_-]{16}){5}")
_VOLATILE = ("last_seen_at", "is_ok", "not_ok_reason")


@dataclass(frozen=True, kw_only=True)
class Fingerprint:
    """The digests: the request, the row before, the chart, the values, and the release in the cluster."""

    request: str
    deployment: str
    chart: str
    values: str
    release: str

    def __str__(self) -> str:
        """Return the id of the preview."""
        return ".".join(["1", *vars(self).values()])


CHANGED = "What was shown no longer holds: the deployment was changed. Preview the change once more."

_CHANGED: Mapping[str, str] = {
    "request": "the request is not the one that was previewed",
    "deployment": "the deployment was changed",
    "chart": "the chart was changed",
    "values": "the values that the chart gets are others, because something that they depend on was changed",
    "release": "the release in the cluster is another one, or the cluster does not answer",
}


@dataclass(frozen=True, kw_only=True)
class Digests:
    """Makes digests with the installation's key."""

    key: bytes = field(repr=False)

    def fingerprint(
        self, request: JsonValue, rehearsal: Rehearsal, rendered: Rendered, history: ReleaseHistory
    ) -> Fingerprint:
        """Return the digests of a preview."""
        running = history.running
        return Fingerprint(
            request=self._digest("request", request),
            deployment=self.of_row(rehearsal.plain_before),
            chart=self._digest("chart", str(rehearsal.wanted.chart)),
            values=self._digest("values", [_stable(rendered.values), rendered.problem, _secrets(rendered)]),
            release=self._digest("release", [running.number if running else None, history.problem]),
        )

    def of_row(self, row: DeploymentRow | None) -> str:
        """Return the digest of what a deployment's row, in plain, says about what is to run."""
        if row is None:
            return self._digest("deployment", None)
        place: list[JsonValue] = [str(row.id), row.name, str(row.cluster_id), row.enabled, row.status.value]
        content: list[JsonValue] = [str(row.helm_chart_id), row.config, row.values_override]
        return self._digest("deployment", [*place, *content, str(row.revision_id)])

    def _digest(self, purpose: str, document: JsonValue) -> str:
        text = json.dumps(document, sort_keys=True)
        made = hashlib.blake2b(text.encode(), digest_size=_BYTES, key=self.key, person=purpose.encode())
        return base64.urlsafe_b64encode(made.digest()).decode()


def parse_fingerprint(preview_id: str) -> Fingerprint:
    """Read the id of a preview; raise `Rejected` for anything else."""
    if not _FORM.fullmatch(preview_id):
        raise Rejected("This is not the id of a preview", field="preview_id")
    parts = preview_id.split(".")[1:]
    names = [each.name for each in fields(Fingerprint)]
    return Fingerprint(**dict(zip(names, parts, strict=True)))


def require_same(shown: Fingerprint, present: Fingerprint) -> None:
    """Raise `Conflict` with everything that was changed since the preview."""
    changed = [_CHANGED[name] for name, digest in vars(shown).items() if digest != vars(present)[name]]
    if changed:
        raise Conflict(f"What was shown no longer holds: {'; '.join(changed)}. Preview the change once more.")


def _secrets(rendered: Rendered) -> JsonValue:
    secrets = rendered.prepared.composed.secrets if rendered.prepared else {}
    return {name: dict(texts) for name, texts in secrets.items()}


def _stable(values: JsonObject | None) -> JsonValue:
    """Return the values without what changes every few seconds and says nothing about the change."""
    return {key: _without_volatile(value) for key, value in (values or {}).items()}


def _without_volatile(value: JsonValue) -> JsonValue:
    match value:
        case {"cluster": dict(cluster)}:
            rest: JsonObject = {key: each for key, each in cluster.items() if key not in _VOLATILE}
            return {**value, "cluster": rest}
        case _:
            return value
