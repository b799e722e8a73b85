"""The route table: every operation of `/api/v2`, in the order of the OpenAPI document.

Invariant: this is the only list of routes. Starlette's routes, the OpenAPI document and the permission matrix
of the tests derive from it.
"""

from __future__ import annotations

from platz.http.endpoints import (
    bot_tokens,
    bots,
    chart_forms,
    deployment_kinds,
    deployment_permissions,
    deployment_previews,
    deployment_resource_types,
    deployment_resources,
    deployment_tasks,
    deployments,
    env_user_permissions,
    envs,
    helm_charts,
    helm_registries,
    helm_tag_formats,
    k8s_clusters,
    k8s_resources,
    me,
    secrets,
    sign_in,
    user_tokens,
    users,
)
from platz.http.endpoints.overview import overview_deployments, overview_start
from platz.http.route import AnyRoute

ROUTES: tuple[AnyRoute, ...] = (
    *sign_in.ROUTES,
    *me.ROUTES,
    *envs.ROUTES,
    *env_user_permissions.ROUTES,
    *deployment_permissions.ROUTES,
    *users.ROUTES,
    *bots.ROUTES,
    *bot_tokens.ROUTES,
    *user_tokens.ROUTES,
    *deployment_kinds.ROUTES,
    *helm_registries.ROUTES,
    *helm_charts.ROUTES,
    *chart_forms.ROUTES,
    *helm_tag_formats.ROUTES,
    *overview_start.ROUTES,
    *overview_deployments.ROUTES,
    *deployment_previews.ROUTES,  # before the deployments, whose {id} would take in `preview`
    *deployments.ROUTES,
    *deployment_tasks.ROUTES,
    *deployment_resource_types.ROUTES,
    *deployment_resources.ROUTES,
    *k8s_clusters.ROUTES,
    *k8s_resources.ROUTES,
    *secrets.ROUTES,
)
