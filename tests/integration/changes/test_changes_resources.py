"""Changes of deployment resources.

Source: docs/contract/http-api.md, "Resource types and resources".
"""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest

from platz.changes.deployments import delete_deployment
from platz.changes.resources import (
    NewResource,
    ResourceUpdate,
    create_resource,
    delete_resource,
    update_resource,
)
from platz.db.enums import SyncStatus
from platz.db.field_encryption import decrypt_fields
from platz.db.tables import deployment_resources as resources
from platz.db.tables.deployment_resource_types import ResourceTypeId
from platz.db.tables.deployment_resources import ResourceId, ResourceRow
from platz.errors import Conflict, Denied, NotFound, Rejected
from platz.identities import Deployment, DeploymentId, Identity
from platz.tasks.operations import Reinstall
from tests.integration.changes.world import World, resource_spec, select_input, values_ui

SPEC = resource_spec(
    values_ui={
        "inputs": [
            {"id": "pin", "type": "text", "label": "PIN", "sensitive": True},
            {"id": "size", "type": "number", "label": "Size"},
        ]
    }
)


@pytest.fixture
def shop(world: World) -> DeploymentId:
    """Give the deployment that manages the resources."""
    return world.installed("shop")


@pytest.fixture
def campaign(world: World) -> ResourceTypeId:
    """Give a global resource type with a sensitive property."""
    with world.making() as make:
        return ResourceTypeId(make.resource_type(world.kind, "campaign", **SPEC))


@pytest.fixture
def summer(world: World, shop: DeploymentId, campaign: ResourceTypeId) -> ResourceId:
    """Give a resource that is in sync."""
    return create(
        world,
        campaign,
        shop,
        props={"pin": "1234", "size": 1, "more": {"a": 1}},
        sync_status=SyncStatus.READY,
    )


def create(
    world: World, type_id: ResourceTypeId, shop: DeploymentId, *, by: Identity | None = None, **fields: Any
) -> ResourceId:
    new = NewResource(type_id=type_id, deployment_id=shop, **{"name": "summer"} | fields)
    return world.do(create_resource, by or world.admin, new, cipher=world.cipher)


def update(world: World, resource: ResourceId, *, by: Identity | None = None, **fields: Any) -> ResourceRow:
    return world.do(
        update_resource, by or world.admin, resource, ResourceUpdate(**fields), cipher=world.cipher
    )


def stored(world: World, resource: ResourceId) -> ResourceRow:
    row = world.do(resources.get, resource)
    assert row is not None
    return row


def plain(world: World, resource: ResourceId) -> object:
    return decrypt_fields(stored(world, resource).props, world.cipher)


def test_a_new_resource_waits_for_its_hook(
    world: World, shop: DeploymentId, campaign: ResourceTypeId
) -> None:
    row = stored(world, create(world, campaign, shop))
    assert (row.sync_status, row.exists, row.props) == (SyncStatus.CREATING, True, {})


def test_the_creator_may_decide_id_and_status(
    world: World, shop: DeploymentId, campaign: ResourceTypeId
) -> None:
    given = ResourceId(uuid4())
    assert create(world, campaign, shop, id=given, sync_status=SyncStatus.READY) == given
    assert stored(world, given).sync_status is SyncStatus.READY
    with pytest.raises(Conflict):
        create(world, campaign, shop, id=given, name="other")


def test_sensitive_props_are_encrypted_at_rest(world: World, summer: ResourceId) -> None:
    row = stored(world, summer)
    assert "1234" not in str(row.props)
    assert isinstance(row.props, dict)
    assert row.props["size"] == 1
    assert plain(world, summer) == {"pin": "1234", "size": 1, "more": {"a": 1}}


def test_props_that_look_encrypted_are_rejected(
    world: World, shop: DeploymentId, campaign: ResourceTypeId
) -> None:
    with pytest.raises(Rejected):
        create(world, campaign, shop, props={"size": {"$encrypted": "x"}})


def test_a_name_is_taken_once_and_not_empty(
    world: World, shop: DeploymentId, campaign: ResourceTypeId, summer: ResourceId
) -> None:
    with pytest.raises(Conflict):
        create(world, campaign, shop)
    with pytest.raises(Rejected):
        create(world, campaign, shop, name="")
    with pytest.raises(Rejected):
        update(world, summer, name="")


def test_unknown_type_and_deployment_are_rejected(
    world: World, shop: DeploymentId, campaign: ResourceTypeId
) -> None:
    with pytest.raises(Rejected):
        create(world, ResourceTypeId(uuid4()), shop)
    with pytest.raises(Rejected):
        create(world, campaign, DeploymentId(uuid4()))


def test_the_type_must_be_of_the_managers_kind_and_environment(
    world: World, shop: DeploymentId, campaign: ResourceTypeId
) -> None:
    with world.making() as make:
        foreign = ResourceTypeId(make.resource_type(world.kind, "event", world.other_env, **SPEC))
        other_kind = ResourceTypeId(make.resource_type(make.kind("Other"), "event", **SPEC))
    for type_id in (foreign, other_kind):
        with pytest.raises(Rejected):
            create(world, type_id, shop)
    with pytest.raises(Rejected):
        create(world, foreign, shop, by=world.bot)


@pytest.mark.parametrize(
    ("role", "allowed_role", "allowed"),
    [
        ("maintainer", None, True),
        ("maintainer", "Owner", False),
        ("owner", "Owner", True),
        ("viewer", None, False),
        ("bot", "Owner", True),
    ],
)
def test_the_role_of_the_hook_decides(
    world: World, shop: DeploymentId, role: str, allowed_role: str | None, allowed: bool
) -> None:
    hook = {"allowed_role": allowed_role, "target": None}
    with world.making() as make:
        spec = resource_spec(lifecycle={"create": hook, "update": hook, "delete": hook})
        type_id = ResourceTypeId(make.resource_type(world.kind, "event", **spec))
        present = ResourceId(make.resource(type_id, shop, "present"))
    identity = getattr(world, role)
    attempts = [
        lambda: create(world, type_id, shop, by=identity),
        lambda: update(world, present, by=identity, name="changed"),
        lambda: world.do(delete_resource, identity, present),
    ]
    for attempt in attempts:
        if allowed:
            attempt()
        else:
            with pytest.raises(Denied):
                attempt()


def test_a_deployment_manages_its_own_resources_only(
    world: World, shop: DeploymentId, campaign: ResourceTypeId, summer: ResourceId
) -> None:
    update(world, summer, by=Deployment(id=shop), props={"size": 5})
    foreign = world.installed("far", cluster_id=world.foreign_cluster)
    friend = Deployment(id=world.create("friend"))
    with pytest.raises(Denied):
        update(world, summer, by=friend, props={"size": 6})
    with pytest.raises(Denied):
        create(world, campaign, shop, by=friend, name="other")
    with pytest.raises(NotFound):
        update(world, summer, by=Deployment(id=foreign), props={"size": 6})
    with pytest.raises(Rejected, match="There is no such deployment"):
        create(world, campaign, shop, by=Deployment(id=foreign), name="other")


def test_props_are_merged_deeply_and_unsent_sensitive_ones_survive(world: World, summer: ResourceId) -> None:
    update(world, summer, props={"size": None, "more": {"b": [2]}})
    assert plain(world, summer) == {"pin": "1234", "size": None, "more": {"a": 1, "b": [2]}}
    update(world, summer, props={"pin": "9"})
    assert plain(world, summer) == {"pin": "9", "size": None, "more": {"a": 1, "b": [2]}}
    assert stored(world, summer).sync_status is SyncStatus.UPDATING


def test_an_empty_update_has_no_effect(world: World, summer: ResourceId) -> None:
    assert update(world, summer) == stored(world, summer)
    assert stored(world, summer).sync_status is SyncStatus.READY


def test_the_answer_shows_the_status_from_before(world: World, summer: ResourceId) -> None:
    assert update(world, summer, name="winter").sync_status is SyncStatus.READY


def user_of(world: World, summer: ResourceId, reference: object) -> DeploymentId:
    with world.making() as make:
        ui = values_ui(select_input("campaign", reference))
        chart = make.chart(world.registry, f"u-{uuid4().hex}", values_ui=ui)
    return world.installed(f"u-{uuid4().hex[:8]}", helm_chart_id=chart, config={"campaign": str(summer)})


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        ({"name": "winter"}, "Campaign summer renamed to winter"),
        ({"props": {"size": 1}}, "Campaign summer updated"),
        ({"name": "winter", "props": {}}, "Campaign summer updated and renamed to winter"),
    ],
)
def test_users_by_either_notation_are_reinstalled_with_the_reason(
    world: World, summer: ResourceId, given: dict[str, Any], reason: str
) -> None:
    users = [
        user_of(world, summer, {"deployment": "WebShop", "type": "campaign"}),
        user_of(world, summer, "campaign"),
    ]
    stranger = user_of(world, summer, {"deployment": "Other", "type": "campaign"})
    update(world, summer, **given)
    for user in users:
        assert world.operations(user) == [Reinstall(reason=reason)]
    assert world.operations(stranger) == []


def test_a_deletion_waits_for_its_hook_and_happens_once(world: World, summer: ResourceId) -> None:
    world.do(delete_resource, world.admin, summer)
    assert stored(world, summer).sync_status is SyncStatus.DELETING
    with pytest.raises(Conflict):
        update(world, summer, name="winter")
    assert world.do(resources.finish_sync, stored(world, summer), SyncStatus.READY)
    row = stored(world, summer)
    assert (row.exists, row.sync_status) == (False, SyncStatus.READY)
    with pytest.raises(Conflict, match="Trying to delete an already delete resource"):
        world.do(delete_resource, world.admin, summer)


def test_a_resource_in_use_is_not_deleted(world: World, summer: ResourceId) -> None:
    user_of(world, summer, "campaign")
    with pytest.raises(Conflict, match="This resource can't be deleted"):
        world.do(delete_resource, world.admin, summer)


def test_unknown_resources_are_not_found(world: World) -> None:
    unknown = ResourceId(uuid4())
    with pytest.raises(NotFound):
        update(world, unknown, name="x")
    with pytest.raises(NotFound):
        world.do(delete_resource, world.admin, unknown)


def test_a_resource_that_lost_its_manager_is_for_site_admins(
    world: World, shop: DeploymentId, summer: ResourceId
) -> None:
    world.do(delete_deployment, world.admin, shop)
    with world.making() as make:
        make.connection.exec_driver_sql("delete from deployments")
    with pytest.raises(NotFound):
        update(world, summer, by=world.owner, name="winter")
    assert update(world, summer, name="winter").deployment_id is None


def test_a_late_answer_does_not_hide_a_change_that_came_meanwhile(world: World, summer: ResourceId) -> None:
    update(world, summer, props={"size": 2})
    called_for = stored(world, summer)
    update(world, summer, props={"size": 3})
    assert not world.do(resources.finish_sync, called_for, SyncStatus.READY)
    assert stored(world, summer).sync_status is SyncStatus.UPDATING
    assert world.do(resources.finish_sync, stored(world, summer), SyncStatus.ERROR, reason="refused")
    assert stored(world, summer).sync_reason == "refused"


@pytest.mark.parametrize("props", [5, 1.5, "text", True, [1], {"a": 1.5, "b": None}])
def test_the_outcome_of_a_hook_is_written_whatever_the_props_are(
    props: Any, world: World, shop: DeploymentId, campaign: ResourceTypeId
) -> None:
    fresh = create(world, campaign, shop, props=props)
    assert world.do(resources.finish_sync, stored(world, fresh), SyncStatus.READY)
    assert (stored(world, fresh).sync_status, stored(world, fresh).props) == (SyncStatus.READY, props)


def test_every_status_but_error_clears_the_reason(world: World, summer: ResourceId) -> None:
    world.do(resources.set_sync_status, summer, SyncStatus.ERROR, reason="refused")
    update(world, summer, name="winter")
    assert stored(world, summer).sync_reason is None


def test_what_waits_for_a_hook_is_found(
    world: World, shop: DeploymentId, campaign: ResourceTypeId, summer: ResourceId
) -> None:
    fresh = create(world, campaign, shop, name="fresh")
    assert [row.id for row in world.do(resources.waiting)] == [fresh]
