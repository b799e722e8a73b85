"""Who may do what: the named checks of docs/contract/auth.md, "Permission checks", as one table for each check."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from uuid import uuid4

import pytest
from sqlalchemy import Connection, update

from platz.access import permissions
from platz.db import schema
from platz.db.database import Database
from platz.db.enums import DeploymentRole
from platz.errors import Denied, NotFound, PlatzError, Unauthenticated
from platz.identities import ClusterId, EnvId, User, UserId
from tests.integration.access.access_world import AccessWorld

EVERYBODY = (
    "admin", "env_admin", "owner", "maintainer", "viewer", "outsider", "inactive_admin", "bot", "home_deployment",
    "abroad_deployment",
)  # fmt: skip
OWNERS = {"admin", "env_admin", "owner"}
MAINTAINERS = {*OWNERS, "maintainer", "bot"}

Check = Callable[[Connection, AccessWorld, str], object]


def on_cluster(check: Callable[..., object], cluster: str) -> Check:
    return lambda connection, world, who: check(
        connection, getattr(world, cluster), world.kind, getattr(world, who)
    )


def of_itself(check: Callable[..., object]) -> Check:
    return lambda connection, world, who: check(
        connection,
        world.home_cluster,
        world.kind,
        getattr(world, who),
        deployment_id=world.home_deployment.id,
    )


def resource(cluster: str | None, allowed: DeploymentRole | None) -> Check:
    def check(connection: Connection, world: AccessWorld, who: str) -> None:
        permissions.require_resource_editor(
            connection,
            cluster_id=getattr(world, cluster) if cluster else None,
            kind_id=world.kind if cluster else None,
            deployment_id=world.home_deployment.id if cluster == "home_cluster" else None,
            allowed_role=allowed,
            identity=getattr(world, who),
        )

    return check


def cancel(creator: str | None, cluster: str) -> Check:
    def check(connection: Connection, world: AccessWorld, who: str) -> None:
        permissions.require_task_cancel(
            connection,
            creator=getattr(world, creator) if creator else None,
            cluster_id=getattr(world, cluster),
            kind_id=world.kind,
            identity=getattr(world, who),
            deployment_id=world.home_deployment.id,
        )

    return check


TABLE: list[tuple[str, Check, set[str]]] = [
    ("site admin", lambda c, w, who: permissions.require_site_admin(c, getattr(w, who)), {"admin"}),
    (
        "env admin",
        lambda c, w, who: permissions.require_env_admin(c, w.home, getattr(w, who)),
        {"admin", "env_admin"},
    ),
    (
        "env admin elsewhere",
        lambda c, w, who: permissions.require_env_admin(c, w.abroad, getattr(w, who)),
        {"admin"},
    ),
    ("owner", on_cluster(permissions.require_deployment_owner, "home_cluster"), OWNERS),
    ("owner elsewhere", on_cluster(permissions.require_deployment_owner, "abroad_cluster"), {"admin"}),
    ("owner without env", on_cluster(permissions.require_deployment_owner, "stray_cluster"), set()),
    ("maintainer", on_cluster(permissions.require_deployment_maintainer, "home_cluster"), MAINTAINERS),
    (
        "maintainer elsewhere",
        on_cluster(permissions.require_deployment_maintainer, "abroad_cluster"),
        {"admin", "bot"},
    ),
    (
        "maintainer of the deployment itself",
        of_itself(permissions.require_deployment_maintainer),
        {*MAINTAINERS, "home_deployment"},
    ),
    (
        "enabling the deployment itself",
        of_itself(permissions.require_enabling),
        {*OWNERS, "bot", "home_deployment"},
    ),
    ("maintainer without env", on_cluster(permissions.require_deployment_maintainer, "stray_cluster"), set()),
    (
        "enabling",
        on_cluster(permissions.require_enabling, "home_cluster"),
        {*OWNERS, "bot"},
    ),
    ("resource of maintainers", resource("home_cluster", None), {*MAINTAINERS, "home_deployment"}),
    (
        "resource of owners",
        resource("home_cluster", DeploymentRole.OWNER),
        {*OWNERS, "bot", "home_deployment"},
    ),
    ("resource elsewhere", resource("abroad_cluster", None), {"admin", "bot"}),
    ("resource of nobody", resource(None, None), {"admin", "bot"}),
    ("cancel another's task", cancel("owner", "home_cluster"), {*MAINTAINERS, "home_deployment"}),
    (
        "cancel the viewer's task",
        cancel("viewer", "home_cluster"),
        {*MAINTAINERS, "viewer", "home_deployment"},
    ),
    ("cancel without env", cancel(None, "stray_cluster"), {"admin"}),
]


@pytest.mark.parametrize(("name", "check", "allowed"), TABLE, ids=[row[0] for row in TABLE])
def test_a_check_passes_exactly_these(
    database: Database, world: AccessWorld, name: str, check: Check, allowed: set[str]
) -> None:
    passed: set[str] = set()
    with database.reading() as connection:
        for who in EVERYBODY:
            with suppress(Denied, NotFound):
                check(connection, world, who)
                passed.add(who)
    assert passed == allowed


def test_a_role_on_one_kind_is_none_on_another(database: Database, world: AccessWorld) -> None:
    with database.reading() as connection, pytest.raises(Denied):
        permissions.require_deployment_maintainer(
            connection, world.home_cluster, world.other_kind, world.maintainer
        )


def test_a_denial_says_the_contracts_sentence(database: Database, world: AccessWorld) -> None:
    with database.reading() as connection, pytest.raises(Denied) as denied:
        permissions.require_deployment_owner(connection, world.home_cluster, world.kind, world.viewer)
    assert denied.value.message == "You don't have permissions to perform this operation"
    assert str(world.viewer.id) in denied.value.reason


def test_a_refused_cancellation_says_its_own_sentence(database: Database, world: AccessWorld) -> None:
    with database.reading() as connection, pytest.raises(Denied, match="Only admin users can cancel tasks"):
        cancel("owner", "home_cluster")(connection, world, "viewer")


@pytest.mark.parametrize("who", ["admin", "owner", "bot", "home_deployment"])
def test_an_unknown_cluster_is_not_found(database: Database, world: AccessWorld, who: str) -> None:
    with database.reading() as connection, pytest.raises(NotFound):
        permissions.require_deployment_maintainer(
            connection, ClusterId(uuid4()), world.kind, getattr(world, who)
        )


def test_an_unknown_environment_is_not_found(database: Database, world: AccessWorld) -> None:
    with database.reading() as connection, pytest.raises(NotFound):
        permissions.require_env_admin(connection, EnvId(uuid4()), world.env_admin)


def test_a_deployment_moves_its_rights_with_its_cluster(database: Database, world: AccessWorld) -> None:
    clusters = schema.k8s_clusters
    with database.transaction() as connection:
        connection.execute(
            update(clusters).where(clusters.c.id == world.home_cluster).values(env_id=world.abroad)
        )
        permissions.require_deployment_maintainer(
            connection,
            world.abroad_cluster,
            world.kind,
            world.home_deployment,
            deployment_id=world.home_deployment.id,
        )


def test_a_deployment_in_a_cluster_without_env_may_do_nothing(database: Database, world: AccessWorld) -> None:
    clusters = schema.k8s_clusters
    with database.transaction() as connection:
        connection.execute(update(clusters).where(clusters.c.id == world.home_cluster).values(env_id=None))
        for cluster in (world.home_cluster, world.abroad_cluster):
            with pytest.raises(NotFound):
                permissions.require_deployment_maintainer(
                    connection,
                    cluster,
                    world.kind,
                    world.home_deployment,
                    deployment_id=world.home_deployment.id,
                )


@pytest.mark.parametrize(
    ("who", "error"),
    [("bot", Denied), ("home_deployment", Denied), ("inactive_admin", Unauthenticated)],
)
def test_only_an_active_user_counts_as_one(
    database: Database, world: AccessWorld, who: str, error: type[PlatzError]
) -> None:
    with database.reading() as connection, pytest.raises(error):
        permissions.require_active_user(connection, getattr(world, who))


def test_an_active_user_is_one(database: Database, world: AccessWorld) -> None:
    with database.reading() as connection:
        assert permissions.require_active_user(connection, world.viewer) == world.viewer.id


def test_an_unknown_user_is_told_to_sign_in(database: Database) -> None:
    with database.reading() as connection, pytest.raises(Unauthenticated, match="Unknown user"):
        permissions.require_active_user(connection, User(id=UserId(uuid4())))
