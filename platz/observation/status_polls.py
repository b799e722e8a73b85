"""Status polls: how a deployment is asked for its status.

Source: docs/contract/workers.md, "Status polling"; docs/contract/chart-extensions.md, "Status document".
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

import orjson

from platz.charts.documents.derived_names import target_url
from platz.charts.documents.features import effective_features
from platz.charts.documents.status_document import parse_status
from platz.db.database import Database
from platz.db.polling import PollCandidate, poll_candidates
from platz.db.storable import storable_json
from platz.db.tables import deployments
from platz.errors import PlatzError
from platz.identities import ClusterId, DeploymentId
from platz.json import JsonObject, JsonValue
from platz.observation.hostnames import hostname_of
from platz.observation.ingress import CallFailed, IngressCaller

MIN_INTERVAL_SECONDS = 15
POLL_TIMEOUT_SECONDS = 10.0


@dataclass(frozen=True, kw_only=True)
class Poll:
    """The URL and the interval (in seconds) at which a deployment is polled."""

    deployment_id: DeploymentId
    cluster_id: ClusterId
    url: str
    interval_seconds: int


def poll_of(candidate: PollCandidate) -> Poll | None:
    """Return the poll of a deployment, or None if it is not to be polled."""
    if not candidate.enabled or not candidate.has_revision:
        return None
    try:
        features = effective_features(candidate.features)
        if features.status is None:
            return None
        hostname = hostname_of(
            kind=candidate.kind,
            name=candidate.name,
            domain=candidate.ingress_domain,
            features=candidate.features,
        )
    except PlatzError:
        return None  # the chart can't be read, or the cluster has no domain: there is no URL to poll
    return Poll(
        deployment_id=candidate.id,
        cluster_id=candidate.cluster_id,
        url=target_url(hostname, features.status.path),
        interval_seconds=max(features.status.refresh_interval_secs, MIN_INTERVAL_SECONDS),
    )


def sample(caller: IngressCaller, poll: Poll) -> JsonObject:
    """Poll once and return the document for `deployments.reported_status`, which also describes a failure."""
    try:
        answer = caller.call("GET", poll.url, body=None, send_body=False, seconds=POLL_TIMEOUT_SECONDS)
        content = parse_status(_decode(answer.text, poll.url))
    except PlatzError as error:
        return _document(None, error.message)
    return _document(content, None)


def refresh_status(database: Database, caller: IngressCaller, deployment_id: DeploymentId) -> None:
    """Ask a deployment now and store what it reports; do nothing for one that is not to be polled.

    Takes up to `POLL_TIMEOUT_SECONDS`, so it must not be called while locks are held. Raises `Retryable` when the
    database is away.
    """
    with database.reading() as connection:
        candidates = poll_candidates(connection, [deployment_id])
    for poll in filter(None, map(poll_of, candidates)):
        reported = sample(caller, poll)
        with database.transaction() as connection:
            deployments.set_reported_status(connection, poll.deployment_id, reported)


def _decode(text: str, url: str) -> JsonValue:
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        raise CallFailed(f"GET {url} answered something that is not JSON.") from None


def _document(content: JsonObject | None, error: str | None) -> JsonObject:
    document: JsonObject = {
        "timestamp": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
        "get_successful": error is None,
        "content": content,
        "error": error,
    }
    return orjson.loads(storable_json(orjson.dumps(document).decode()))
