"""The main walk, part 3: a storefront that uses a web shop and a secret."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest
from acceptance.cluster_view import ClusterView
from acceptance.platz_client import Client
from waiting import eventually


@dataclass(frozen=True, kw_only=True)
class Pair:
    """A web shop and the storefront that uses it."""

    shop: dict[str, Any]
    storefront: dict[str, Any]
    secret: dict[str, Any]


@pytest.fixture(scope="module")
def pair(admin: Client) -> Pair:
    (env,) = [env for env in admin.items("/envs") if env["name"] == "Default"]
    secret = admin.post(
        "/secrets",
        {"env_id": env["id"], "collection": "shop-api", "name": "main key", "contents": "s3cr3t-of-the-shop"},
    )
    shop = admin.deploy("web-shop", "1.1.0", name="base", config={"shop_name": "Base", "replicas": 1})
    storefront = admin.deploy(
        "storefront",
        "1.0.0",
        name="corner",
        config={
            "title": "Corner store",
            "shop": shop["id"],
            "api_token": secret["id"],
            "related_shops": [shop["id"]],
        },
    )
    return Pair(shop=admin.running(shop["id"]), storefront=admin.running(storefront["id"]), secret=secret)


def test_inputs_that_point_to_others_become_their_properties(pair: Pair, east: ClusterView) -> None:
    values = east.values("storefront-corner")

    assert values["shop"] == {"id": pair.shop["id"], "name": "base", "kind": "WebShop"}
    assert values["relatedShops"] == ["base"]
    assert values["ingress"]["hosts"][0]["host"] == "corner.east.platz.localhost"


def test_a_declared_secret_is_made_of_the_chosen_one(pair: Pair, east: ClusterView) -> None:
    assert east.secret("storefront-corner", "storefront-api") == {
        "token": "s3cr3t-of-the-shop",
        "token_name": "main key",
    }


def test_a_secrets_contents_are_shown_to_nobody_and_kept_encrypted(
    pair: Pair, admin: Client, platz_contents: str
) -> None:
    assert "s3cr3t-of-the-shop" not in str(admin.items("/secrets"))
    assert "s3cr3t-of-the-shop" not in platz_contents
    assert "s3cr3t-of-the-shop" not in str(admin.tasks(pair.storefront["id"]))


def test_a_shop_that_is_used_is_neither_disabled_nor_deleted(pair: Pair, admin: Client) -> None:
    path = f"/deployments/{pair.shop['id']}"

    disabling = admin.put(path, {**pair.shop, "enabled": False}, status=409)
    deleting = admin.delete(path, status=409)

    assert disabling["message"] == (
        "This deployment can't be disabled because other deployments depend on it: "
        f"corner (Kind ID: {pair.storefront['kind_id']})"
    )
    assert "can't be deleted" in deleting["message"]
    assert admin.deployment(pair.shop["id"])["status"] == "Running"


def test_the_resource_types_of_the_chart_are_there(pair: Pair, admin: Client) -> None:
    types = admin.items("/deployment-resource-types", deployment_kind_id=pair.storefront["kind_id"])

    assert [entry["key"] for entry in types] == ["campaign"]


def test_a_changed_secret_reaches_those_who_use_it(pair: Pair, admin: Client, east: ClusterView) -> None:
    admin.put(f"/secrets/{pair.secret['id']}", {"contents": "another-one"})

    tasks = admin.settled(pair.storefront["id"])

    assert tasks[-1]["operation"] == {"Reinstall": {"reason": "shop-api secret has been updated"}}
    assert tasks[-1]["status"] == "Done", tasks[-1]["reason"]
    assert east.secret("storefront-corner", "storefront-api")["token"] == "another-one"


def test_an_upgraded_shop_reinstalls_its_storefront(pair: Pair, admin: Client) -> None:
    before = admin.deployment(pair.storefront["id"])
    config = {**pair.shop["config"], "currency": "GBP"}
    admin.put(f"/deployments/{pair.shop['id']}", {**pair.shop, "config": config})

    reinstall = eventually(
        lambda: next(
            (
                task
                for task in admin.settled(pair.storefront["id"])
                if task["operation"] == {"Reinstall": {"reason": "The base deployment has been updated"}}
            ),
            None,
        )
    )

    assert reinstall["status"] == "Done"
    assert admin.running(pair.storefront["id"])["revision_id"] == before["revision_id"]
    admin.running(pair.shop["id"])
