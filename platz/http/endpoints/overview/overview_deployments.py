"""`GET /overview/deployments`: the deployments that a caller sees, found, filtered, counted and sorted.

Source: docs/contract/http-api.md, "Overview of deployments".
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import cast
from uuid import UUID

import orjson
from sqlalchemy import Connection

from platz.charts.documents.derived_names import ingress_hostname, target_url
from platz.charts.documents.features import Features, effective_features
from platz.charts.reading.problems import InvalidDocument
from platz.db.lists.reading import SeenEnvs
from platz.db.overview.deployment_rows import FACETS, SORTS, OverviewQuery, read_overview
from platz.errors import Rejected
from platz.http.endpoints.overview.allowed_answers import WITH_ALLOWED, allowed_on, wants_allowed
from platz.http.endpoints.overview.overview_models import DeploymentOverview
from platz.http.queries import PAGING, Kind, Parameter, QueryValue, listing_of, parse_id
from platz.http.responses import ApiResponse, answer_json
from platz.http.route import AnyRoute, ApiRequest, Permission, Route
from platz.identities import ClusterId, DeploymentId, Identity, KindId
from platz.json import JsonObject, JsonValue

MOST_WORDS = 8
WORDS = f"at most {MOST_WORDS}, in any letter case"
MOST_IDS = 1000

_KINDS = {"uuid": Kind.ID, "text": Kind.TEXT, "boolean": Kind.FLAG}
_MEANINGS = {
    "env_id": "In a cluster that belongs to this environment.",
    "version": "Exactly this version of the chart, or its tag where no version was found in it.",
    "problem": "Whether something is wrong with it.",
}
PARAMETERS = (
    *PAGING,
    Parameter(
        name="q",
        kind=Kind.TEXT,
        meaning=f"Words ({WORDS}) that all occur in the name, description or inputs (but sensitive ones),"
        " or in the name of kind or cluster, or in the version, tag or commit of the chart.",
    ),
    Parameter(
        name="ids", kind=Kind.TEXT, meaning=f"Only these ids, separated by commas; at most {MOST_IDS}."
    ),
    WITH_ALLOWED,
    Parameter(name="helm_chart_id", kind=Kind.ID, meaning="Exactly this chart."),
    *(
        Parameter(name=name, kind=_KINDS[kind], meaning=_MEANINGS.get(name, "Exactly this value."))
        for name, kind in FACETS.items()
    ),
    Parameter(
        name="sort",
        kind=Kind.TEXT,
        meaning=f"One of {', '.join(SORTS)}; with a minus sign before it, backwards. `name` by default.",
    ),
)


def overview(request: ApiRequest) -> ApiResponse:
    """Return a page of rows and the counts of the filters' values."""
    query = overview_query(request.query)
    with request.database.reading() as connection:
        document = read_overview(connection, query, seen=seen_envs(request))
        if wants_allowed(request):
            _tell_allowed(connection, request.identity, document)
    for row in cast("list[JsonObject]", document["items"]):
        row["url"] = _url_of(row, features=row.pop("features"), domain=row.pop("ingress_domain"))
    return answer_json(document)


def _tell_allowed(connection: Connection, identity: Identity, document: JsonObject) -> None:
    """Add `allowed` to each row; rows of one kind in one cluster have the same, but the caller's own."""
    known: dict[tuple[str, str, bool], JsonObject] = {}
    for row in cast("list[JsonObject]", document["items"]):
        place = str(row["cluster_id"]), str(row["kind_id"]), row["id"] == str(identity.id)
        if place not in known:
            cluster_id, kind_id = ClusterId(UUID(place[0])), KindId(UUID(place[1]))
            row_id = DeploymentId(UUID(str(row["id"])))
            known[place] = allowed_on(connection, identity, cluster_id, kind_id, deployment_id=row_id)
        row["allowed"] = known[place]


def overview_query(given: Mapping[str, QueryValue]) -> OverviewQuery:
    """Turn the query's values into what is asked of the database; raise `Rejected`."""
    listing = listing_of(given)
    sort = str(given.get("sort", "name"))
    if sort.removeprefix("-") not in SORTS:
        raise _refused("sort", f"one of {', '.join(SORTS)} is expected")
    return OverviewQuery(
        page=listing.page,
        per_page=listing.per_page,
        words=words_of(str(given.get("q", ""))),
        ids=None if "ids" not in given else _ids(str(given["ids"])),
        helm_chart_id=cast("UUID | None", given.get("helm_chart_id")),
        filters={name: given[name] for name in FACETS if name in given},
        sort=sort.removeprefix("-"),
        descending=sort.startswith("-"),
    )


def seen_envs(request: ApiRequest) -> SeenEnvs:
    """Return the environments whose rows the caller sees; None means all rows."""
    return None if request.scope.everything else request.scope.env_ids


def words_of(text: str) -> tuple[str, ...]:
    """Return the words of a search; raise `Rejected` for too many."""
    words = tuple(text.split())
    if len(words) > MOST_WORDS:
        raise _refused("q", f"at most {MOST_WORDS} words are searched for")
    return words


def _ids(text: str) -> tuple[UUID, ...]:
    written = [part for part in text.split(",") if part]
    if len(written) > MOST_IDS:
        raise _refused("ids", f"at most {MOST_IDS} ids are allowed")
    try:
        return tuple(map(parse_id, written))
    except ValueError:
        raise _refused("ids", "UUIDs, separated by commas, are expected") from None


def _refused(name: str, detail: str) -> Rejected:
    return Rejected(f"Query deserialize error: {name}: {detail}", field=name)


def _url_of(row: JsonObject, *, features: JsonValue, domain: JsonValue) -> str | None:
    """Return the address of the application, null when nobody can reach it from outside."""
    if not row["enabled"] or row["status"] == "Uninstalled" or not isinstance(domain, str):
        return None
    if row["status"] != "Running" and row["revision_id"] is None:
        return None  # nothing was ever installed
    try:
        known = _features(cast("str | None", features))
    except InvalidDocument:
        return None  # without readable features, nobody knows the name
    if not known.ingress_enabled or not domain:
        return None
    kind, name = str(cast("JsonObject", row["kind"])["name"]), str(row["name"])
    return target_url(ingress_hostname(kind, name, hostname_format=known.hostname_format, domain=domain), "/")


@lru_cache(maxsize=1024)
def _features(written: str | None) -> Features:
    return effective_features(None if written is None else orjson.loads(written))


ROUTES: tuple[AnyRoute, ...] = (
    Route(
        method="GET",
        path="/overview/deployments",
        operation_id="overviewOfDeployments",
        tag="Overview",
        summary="List deployments with all that a reader wants to see, and the counts of filters",
        handler=overview,
        permission=Permission.SCOPED,
        parameters=PARAMETERS,
        response=DeploymentOverview,
        errors=(400,),
        only_reads=True,
    ),
)
