"""`GET /overview` and `GET /search`: what the start of the console shows, and its search over everything.

Source: docs/contract/http-api.md, "Overview at a glance", "Search".
"""

from __future__ import annotations

from typing import cast

from platz.db.overview.search_hits import search
from platz.db.overview.summary_rows import read_summary
from platz.http.endpoints.overview.overview_deployments import WORDS, seen_envs, words_of
from platz.http.endpoints.overview.overview_models import OverviewSummary, SearchAnswer
from platz.http.queries import Kind, Parameter
from platz.http.responses import ApiResponse, answer_json
from platz.http.route import AnyRoute, ApiRequest, Permission, Route
from platz.identities import EnvId


def summary(request: ApiRequest) -> ApiResponse:
    """Return the counts, the troubles and the changes of what the caller sees."""
    env_id = cast("EnvId | None", request.query.get("env_id"))
    with request.database.reading() as connection:
        return answer_json(read_summary(connection, env_id=env_id, seen=seen_envs(request)))


def find(request: ApiRequest) -> ApiResponse:
    """Return what holds all words."""
    words = words_of(str(request.query.get("q", "")))
    with request.database.reading() as connection:
        hits = search(connection, words, seen=seen_envs(request), confined=request.scope.confined)
    return answer_json({"hits": hits})


ROUTES: tuple[AnyRoute, ...] = (
    Route(
        method="GET",
        path="/overview",
        operation_id="overview",
        tag="Overview",
        summary="Counts, what needs attention, what changes, and which versions run",
        handler=summary,
        permission=Permission.SCOPED,
        parameters=(Parameter(name="env_id", kind=Kind.ID, meaning="Only this environment."),),
        response=OverviewSummary,
        errors=(400,),
        only_reads=True,
    ),
    Route(
        method="GET",
        path="/search",
        operation_id="search",
        tag="Overview",
        summary="Search in everything by words",
        handler=find,
        permission=Permission.SCOPED,
        parameters=(Parameter(name="q", kind=Kind.TEXT, meaning=f"Words that all occur; {WORDS}."),),
        response=SearchAnswer,
        errors=(400,),
        only_reads=True,
    ),
)
