"""Sensitive inputs are encrypted in rows and tasks, and plain to whoever changes them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from cryptography.fernet import Fernet
from sqlalchemy import text

from platz.changes.encryption_at_start import encrypt_plain_documents
from platz.changes.tasks import TaskRequest, create_task
from platz.db.encryption import Cipher, NoCipher
from platz.db.field_encryption import decrypt_fields
from platz.db.key_rotation import encrypt_plain_rows
from platz.errors import Rejected
from platz.identities import ChartId, DeploymentId
from platz.tasks.operations import InvokeAction
from tests.integration.changes.world import World, resource_spec, select_input, values_ui

PIN = {"id": "pin", "type": "text", "label": "PIN", "sensitive": True}
ACTION = {
    "id": "reset", "allowed_role": "Maintainer", "allowed_on_statuses": [], "endpoint": "standard_ingress",
    "path": "/reset", "method": "POST", "title": "Reset", "fontawesome_icon": None, "description": "",
    "dangerous": False, "ui_schema": values_ui(PIN),
}  # fmt: skip


@pytest.fixture
def chart(world: World) -> ChartId:
    """Give a chart with a sensitive input and a sensitive selection."""
    ui = values_ui(
        PIN, select_input("token", "secrets", sensitive=True), {"id": "size", "type": "number", "label": ""}
    )
    with world.making() as make:
        return make.chart(
            world.registry, "s", values_ui=ui, actions_schema={"schema_version": 1, "actions": [ACTION]}
        )


@pytest.fixture
def safe(world: World, chart: ChartId) -> DeploymentId:
    """Give an installed deployment with an encrypted input."""
    return world.installed("safe", helm_chart_id=chart, config={"pin": "hush-1", "size": 1, "token": "t"})


def everything_stored(world: World) -> str:
    with world.database.reading() as connection:
        query = text("select d::text from deployments d union all select t::text from deployment_tasks t"
                     " union all select r::text from deployment_resources r")  # fmt: skip
        return "\n".join(connection.scalars(query))


def test_a_sensitive_input_is_nowhere_in_plain(world: World, safe: DeploymentId) -> None:
    world.update(safe, config={"pin": "hush-2", "size": 2, "token": "t"})
    assert "hush" not in everything_stored(world)
    row = world.row(safe)
    assert row is not None
    assert decrypt_fields(row.config, world.cipher) == {"pin": "hush-2", "size": 2, "token": "t"}
    [task] = world.tasks(safe)
    upgrade: Any = decrypt_fields(task.operation, world.cipher)
    assert upgrade["Upgrade"]["config_inputs"] == {"pin": "hush-2", "size": 2, "token": "t"}
    assert upgrade["Upgrade"]["config_delta"] == {"pin": ["hush-1", "hush-2"], "size": [1, 2]}


def test_the_same_value_sent_again_is_no_change(world: World, safe: DeploymentId) -> None:
    before = world.row(safe)
    world.update(safe, config={"pin": "hush-1", "size": 1, "token": "t"})
    assert world.row(safe) == before
    assert world.tasks(safe) == []


def test_a_chart_without_the_mark_still_keeps_the_old_value_encrypted(
    world: World, safe: DeploymentId, chart: ChartId
) -> None:
    world.update(safe, helm_chart_id=world.chart)
    assert "hush" not in everything_stored(world)
    assert chart != world.chart


@pytest.mark.parametrize("field", ["config", "values_override"])
def test_encrypted_values_can_not_be_sent(world: World, safe: DeploymentId, field: str) -> None:
    with pytest.raises(Rejected) as refusal:
        world.update(safe, **{field: {"size": {"$encrypted": "x"}}})
    assert refusal.value.field == field


def test_the_inputs_of_an_action_are_encrypted(world: World, safe: DeploymentId, chart: ChartId) -> None:
    operation = InvokeAction(helm_chart_id=chart, action_id="reset", body={"pin": "hush-3"})
    request = TaskRequest(deployment_id=safe, operation=operation)
    world.do(create_task, world.admin, request, cipher=world.cipher)
    assert "hush" not in everything_stored(world)
    [task] = world.tasks(safe)
    invocation: Any = decrypt_fields(task.operation, world.cipher)
    assert invocation["InvokeAction"]["body"] == {"pin": "hush-3"}


@pytest.fixture
def adopted(world: World, chart: ChartId) -> DeploymentId:
    """Give rows as an adopted database has them: all in plain."""
    former = replace(world, cipher=NoCipher())
    shop = former.installed("old", helm_chart_id=chart, config={"pin": "hush-4", "size": 4})
    former.update(shop, config={"pin": "hush-5", "size": 4})
    operation = InvokeAction(helm_chart_id=chart, action_id="reset", body={"pin": "hush-6"})
    request = TaskRequest(deployment_id=shop, operation=operation)
    former.do(create_task, world.admin, request, cipher=former.cipher)
    with world.making() as make:
        ui = {"inputs": [PIN]}
        campaign = make.resource_type(world.kind, "campaign", **resource_spec(values_ui=ui))
        make.resource(campaign, shop, props={"pin": "hush-7", "size": 1})
    assert everything_stored(world).count("hush") == 7
    return shop


def test_an_adopted_database_is_encrypted_once(world: World, adopted: DeploymentId) -> None:
    assert world.do(encrypt_plain_documents, world.cipher) == 5
    assert "hush" not in everything_stored(world)
    assert world.do(encrypt_plain_documents, world.cipher) == 0
    row = world.row(adopted)
    assert row is not None
    assert decrypt_fields(row.config, world.cipher) == {"pin": "hush-5", "size": 4}
    install, upgrade, invocation = (
        decrypt_fields(task.operation, world.cipher) for task in world.tasks(adopted, pending=False)
    )
    assert install["Install"]["config_inputs"] == {"pin": "hush-4", "size": 4}  # type: ignore[index]
    assert upgrade["Upgrade"]["config_delta"] == {"pin": ["hush-4", "hush-5"]}  # type: ignore[index]
    assert invocation["InvokeAction"]["body"] == {"pin": "hush-6"}  # type: ignore[index]


def test_keys_are_rotated_in_encrypted_documents(world: World, adopted: DeploymentId) -> None:
    old, fresh = Fernet.generate_key().decode(), Fernet.generate_key().decode()
    world.do(encrypt_plain_documents, Cipher([old]))
    world.do(encrypt_plain_rows, Cipher([fresh, old]))
    row = world.row(adopted)
    assert row is not None
    assert decrypt_fields(row.config, Cipher([fresh])) == {"pin": "hush-5", "size": 4}


def test_a_database_without_sensitive_inputs_is_left_alone(world: World) -> None:
    world.installed(config={"pin": "hush"})
    assert world.do(encrypt_plain_documents, world.cipher) == 0
