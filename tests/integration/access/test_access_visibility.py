"""What an identity sees.

Source: docs/contract/auth.md, "Visibility scope".
"""

from __future__ import annotations

from uuid import uuid4

import pytest
from sqlalchemy import delete, update

from platz.access.visibility import EVERYTHING, NOTHING, Scope, living_scopes, scope_of
from platz.db import schema
from platz.db.database import Database
from platz.errors import NotFound
from platz.identities import Bot, BotId, EnvId, User, UserId
from tests.integration.access.access_world import AccessWorld


@pytest.mark.parametrize("who", ["admin", "bot"])
def test_some_see_everything(database: Database, world: AccessWorld, who: str) -> None:
    with database.reading() as connection:
        assert scope_of(connection, getattr(world, who)) == EVERYTHING


@pytest.mark.parametrize("who", ["env_admin", "owner", "maintainer", "viewer"])
def test_members_see_their_environments(database: Database, world: AccessWorld, who: str) -> None:
    with database.reading() as connection:
        assert scope_of(connection, getattr(world, who)) == Scope(env_ids=frozenset({world.home}))


def test_a_deployment_sees_its_own_environment_and_nothing_that_belongs_to_another(
    database: Database, world: AccessWorld
) -> None:
    own = Scope(env_ids=frozenset({world.home}), confined=True)
    with database.reading() as connection:
        assert scope_of(connection, world.home_deployment) == own
    assert not own.sees_change("k8s_clusters", None)
    assert own.sees_change("helm_charts", None)


@pytest.mark.parametrize("gone", [{"enabled": False}, {"status": "Deleting"}], ids=str)
def test_a_deployment_that_is_disabled_or_being_deleted_sees_nothing(
    database: Database, world: AccessWorld, gone: dict[str, object]
) -> None:
    with database.transaction() as connection:
        own = schema.deployments
        connection.execute(update(own).where(own.c.id == world.home_deployment.id).values(**gone))
        assert scope_of(connection, world.home_deployment) == NOTHING
        assert living_scopes(connection, [world.home_deployment]) == {}


@pytest.mark.parametrize("who", ["outsider", "inactive_admin"])
def test_others_see_nothing(database: Database, world: AccessWorld, who: str) -> None:
    with database.reading() as connection:
        assert scope_of(connection, getattr(world, who)) == NOTHING


def test_a_deployment_permission_alone_shows_nothing(database: Database, world: AccessWorld) -> None:
    permissions = schema.env_user_permissions
    with database.transaction() as connection:
        connection.execute(delete(permissions).where(permissions.c.user_id == world.owner.id))
        assert scope_of(connection, world.owner) == NOTHING


def test_scopes_of_many_are_those_of_each(database: Database, world: AccessWorld) -> None:
    everybody = [world.admin, world.viewer, world.outsider, world.bot, world.home_deployment]
    with database.reading() as connection:
        assert living_scopes(connection, everybody) == {
            identity: scope_of(connection, identity) for identity in everybody
        }


def test_who_may_not_sign_in_any_more_has_no_scope(database: Database, world: AccessWorld) -> None:
    users, gone = schema.users, [User(id=UserId(uuid4())), Bot(id=BotId(uuid4())), world.inactive_admin]
    with database.transaction() as connection:
        connection.execute(update(users).where(users.c.id == world.viewer.id).values(is_active=False))
        assert living_scopes(connection, [*gone, world.viewer]) == {}


def test_a_row_without_environment_is_only_for_those_who_see_everything() -> None:
    env = EnvId(uuid4())
    assert EVERYTHING.sees(None)
    assert not Scope(env_ids=frozenset({env})).sees(None)
    with pytest.raises(NotFound):
        Scope(env_ids=frozenset({env})).require(EnvId(uuid4()))
