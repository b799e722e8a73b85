"""Changes of secrets, and what collections read.

Source: docs/contract/http-api.md, "Secrets"; docs/contract/chart-extensions.md, "Collection items".
"""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID, uuid4

import pytest

from platz.changes.secrets import (
    NewSecret,
    SecretUpdate,
    create_secret,
    delete_secret,
    update_secret,
)
from platz.charts.documents.collections import KindResources, LegacyResources, Table
from platz.charts.rendering.chosen_items import item_property
from platz.charts.rendering.rendering_errors import RenderingFailed
from platz.db import schema
from platz.db.tables import secrets
from platz.db.tables.secrets import SecretId
from platz.errors import Conflict, Denied, NotFound
from platz.identities import DeploymentId, EnvId
from platz.json import JsonValue
from platz.tasks.chart_items import DatabaseCollections
from platz.tasks.operations import Reinstall
from tests.integration.changes.world import World, select_input, values_ui


@pytest.fixture
def secret(world: World) -> SecretId:
    """Give a secret of the environment."""
    new = NewSecret(env_id=world.env, collection="Tokens", name="api", contents="s3cret")
    return world.do(create_secret, world.env_admin, new, cipher=world.cipher)


@pytest.fixture
def user(world: World, secret: SecretId) -> DeploymentId:
    """Give an installed deployment that uses the secret."""
    with world.making() as make:
        chart = make.chart(world.registry, "2.0.0", values_ui=values_ui(select_input("token", "secrets")))
    return world.installed("user", helm_chart_id=chart, config={"token": str(secret)})


def test_a_secret_is_stored_encrypted(world: World, secret: SecretId) -> None:
    row = world.do(secrets.get, secret)
    assert row is not None
    assert "s3cret" not in row.contents
    assert world.cipher.decrypt(row.contents) == "s3cret"
    assert row.contents not in repr(row)


def test_a_name_is_taken_once_in_a_collection(world: World, secret: SecretId) -> None:
    again = NewSecret(env_id=world.env, collection="Tokens", name="api", contents="x")
    with pytest.raises(Conflict):
        world.do(create_secret, world.admin, again, cipher=world.cipher)


@pytest.mark.parametrize("role", ["owner", "viewer", "bot"])
def test_secrets_are_changed_by_env_admins(world: World, secret: SecretId, role: str) -> None:
    identity = getattr(world, role)
    new = NewSecret(env_id=world.env, collection="Tokens", name="other", contents="x")
    with pytest.raises(Denied):
        world.do(create_secret, identity, new, cipher=world.cipher)
    with pytest.raises(Denied):
        world.do(update_secret, identity, secret, SecretUpdate(name="x"), cipher=world.cipher)
    with pytest.raises(Denied):
        world.do(delete_secret, identity, secret)


@pytest.mark.parametrize(
    "update", [SecretUpdate(), SecretUpdate(name="new"), SecretUpdate(contents="new")], ids=repr
)
def test_any_update_reinstalls_the_users(
    world: World, secret: SecretId, user: DeploymentId, update: SecretUpdate
) -> None:
    before = world.stored(schema.secrets, secret)
    world.do(update_secret, world.env_admin, secret, update, cipher=world.cipher)
    saved = world.stored(schema.secrets, secret)
    assert world.operations(user) == [Reinstall(reason="Tokens secret has been updated")]
    assert saved.updated_at > before.updated_at
    assert saved.name == (update.name or "api")
    assert world.cipher.decrypt(saved.contents) == (update.contents or "s3cret")


def test_a_secret_in_use_is_not_deleted(world: World, secret: SecretId, user: DeploymentId) -> None:
    with pytest.raises(Conflict, match=r"This secret can't be deleted .*: user \(Kind ID: "):
        world.do(delete_secret, world.env_admin, secret)
    world.update(user, config={})
    world.settle(user)
    world.do(delete_secret, world.env_admin, secret)
    with pytest.raises(NotFound):
        world.do(delete_secret, world.env_admin, secret)


class Lookup:
    """Asks for properties as the rendering of a chart does."""

    def __init__(self, world: World) -> None:
        self.world = world

    def __call__(
        self, reference: object, item: UUID | str, name: str, *, env: EnvId | None = None
    ) -> JsonValue:
        with self.world.database.reading() as connection:
            collections = DatabaseCollections(connection, self.world.cipher)
            env_id = env or self.world.env
            found = item_property(reference, str(item), name, env_id=env_id, collections=collections)  # pyright: ignore[reportArgumentType]
        return found.value


@pytest.fixture
def lookup(world: World) -> Lookup:
    """Give the way to ask."""
    return Lookup(world)


def test_properties_of_a_secret(world: World, secret: SecretId, lookup: Lookup) -> None:
    table = Table(name="secrets")
    names = ("id", "env_id", "collection", "name", "contents")
    found = [lookup(table, secret, name) for name in names]
    assert found == [str(secret), str(world.env), "Tokens", "api", "s3cret"]
    with pytest.raises(RenderingFailed):
        lookup(table, secret, "contents", env=world.other_env)


def test_properties_of_a_deployment(world: World, lookup: Lookup) -> None:
    shop = world.create("blue")
    with world.making() as make:
        make.connection.exec_driver_sql("update deployments set created_at = '2024-02-03 04:05:06.12+00'")
    table = Table(name="deployments")
    names = ("id", "created_at", "name", "kind", "cluster_id", "enabled")
    found = [lookup(table, str(shop).upper(), name) for name in names]
    assert found == [str(shop), "2024-02-03 04:05:06.120 UTC", "blue", "WebShop", str(world.cluster), True]


def test_a_deployment_of_another_environment_is_not_found(world: World, lookup: Lookup) -> None:
    far = world.create("far", cluster_id=world.foreign_cluster)
    assert lookup(Table(name="deployments"), far, "name", env=world.other_env) == "far"
    with pytest.raises(RenderingFailed, match="in this environment"):
        lookup(Table(name="deployments"), far, "name")


def test_a_deployment_of_no_environment_is_not_found(world: World, lookup: Lookup) -> None:
    far = world.create("far", cluster_id=world.foreign_cluster)
    with world.making() as make:
        make.connection.exec_driver_sql(
            "update k8s_clusters set env_id = null where id = %s", (world.foreign_cluster,)
        )
    with pytest.raises(RenderingFailed, match="not_found"):
        lookup(Table(name="deployments"), far, "name", env=world.other_env)


def test_a_row_that_is_not_there_is_an_error(lookup: Lookup) -> None:
    for table in ("deployments", "secrets"):
        with pytest.raises(RenderingFailed):
            lookup(Table(name=table), uuid4(), "id")


def test_properties_of_a_resource(world: World, lookup: Lookup) -> None:
    encrypted = {"$encrypted": world.cipher.encrypt('{"pin": 7}')}
    with world.making() as make:
        ui = {"inputs": [{"id": "pin", "type": "text", "label": "", "sensitive": True}]}
        type_id = make.resource_type(world.kind, "campaign", values_ui=ui)
        item = make.resource(type_id, world.create("blue"), "summer", props={"pin": encrypted, "n": 1})
    for reference in (KindResources(kind="WebShop", key="campaign"), LegacyResources(key="campaign")):
        found = [lookup(reference, item, name) for name in ("id", "name", "pin", "n")]
        assert found == [str(item), "summer", {"pin": 7}, 1]
    with pytest.raises(RenderingFailed):
        lookup(KindResources(kind="Other", key="campaign"), item, "name")


def test_a_type_of_another_environment_is_not_found_and_the_own_one_wins(
    world: World, lookup: Lookup
) -> None:
    with world.making() as make:
        make.resource_type(world.kind, "campaign", world.other_env)
        own = make.resource_type(world.kind, "campaign", world.env)
        mine = make.resource(own, None, "mine")
    assert lookup(LegacyResources(key="campaign"), mine, "name") == "mine"
    with pytest.raises(RenderingFailed):
        lookup(LegacyResources(key="campaign"), mine, "name", env=world.other_env)


def test_the_moment_of_an_update_is_that_of_the_database(world: World, secret: SecretId) -> None:
    world.do(update_secret, world.admin, secret, SecretUpdate(), cipher=world.cipher)
    saved = world.stored(schema.secrets, secret)
    assert abs((saved.updated_at - datetime.now(UTC)).total_seconds()) < 60
