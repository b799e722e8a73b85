"""What a release's Secrets tell, and how an interrupted run is cleared away."""

from __future__ import annotations

import base64
import gzip
from collections.abc import Sequence
from typing import cast

import orjson
import pytest

from platz.errors import NotFound, Rejected
from platz.helm.engine import HelmAction
from platz.helm.releases import ReleaseStatus, last_revision, revisions, settle
from platz.helm.stored_release import read_release, with_release
from platz.json import JsonObject

WHERE = {"namespace": "shop", "release": "shop"}


def packed(document: object) -> str:
    return base64.b64encode(base64.b64encode(gzip.compress(orjson.dumps(document)))).decode()


def secret(number: int, status: str, *, description: str = "", task: str = "") -> JsonObject:
    document = {
        "name": "shop",
        "version": number,
        "info": {"status": status, "description": description, "notes": "kept"},
        "config": {"kept": 1.5},
        "hooks": [{"kind": "Pod", "name": "check"}, {"kind": "Job", "name": "migrate"}, {"kind": "Pod"}, 7],
    }
    labels = {"owner": "helm", "name": "shop", "status": status, "version": str(number), "task": task}
    return {
        "type": "helm.sh/release.v1",
        "metadata": {"name": f"sh.helm.release.v1.shop.v{number}", "labels": labels},  # type: ignore[dict-item]
        "data": {"release": packed(document)},
    }


class FakeStore:
    """Secrets in memory."""

    def __init__(self, *secrets: JsonObject) -> None:
        self.secrets = {str(cast("JsonObject", each["metadata"])["name"]): each for each in secrets}
        self.selectors: list[str] = []

    def list(self, *, namespace: str, label_selector: str) -> Sequence[JsonObject]:
        self.selectors.append(label_selector)
        return [*self.secrets.values()]

    def replace(self, secret: JsonObject, *, namespace: str, name: str) -> JsonObject:
        assert name in self.secrets
        self.secrets[name] = secret
        return secret

    def delete(self, *, namespace: str, name: str) -> None:
        if self.secrets.pop(name, None) is None:
            raise NotFound

    def statuses(self) -> list[tuple[int, str]]:
        return [(found.number, found.status.value) for found in revisions(self, **WHERE)]


def test_revisions_come_in_order_of_their_numbers() -> None:
    store = FakeStore(secret(10, "deployed"), secret(9, "superseded"))
    assert store.statuses() == [(9, "superseded"), (10, "deployed")]
    assert store.selectors == ["owner=helm,name=shop"]


def test_the_last_revision_tells_whose_it_is_and_how_it_went() -> None:
    store = FakeStore(secret(1, "superseded"), secret(2, "deployed", description="Platz task 7", task="7"))
    found = last_revision(store, **WHERE)
    assert found is not None
    assert (found.number, found.status, found.description) == (2, ReleaseStatus.DEPLOYED, "Platz task 7")
    assert found.labels["task"] == "7"


@pytest.mark.parametrize(
    ("status", "pods"),
    [("pending-install", ("check",)), ("failed", ("check",)), ("uninstalling", ("check",)), ("deployed", ())],
)
def test_a_run_that_did_not_end_well_may_have_left_its_hook_pods(status: str, pods: tuple[str, ...]) -> None:
    found = last_revision(FakeStore(secret(1, status)), **WHERE)
    assert found is not None
    assert found.leftover_pods == pods


def test_without_a_revision_there_is_none() -> None:
    assert last_revision(FakeStore(), **WHERE) is None


def test_a_status_of_a_later_helm_is_unknown() -> None:
    assert FakeStore(secret(1, "dreaming")).statuses() == [(1, "unknown")]


@pytest.mark.parametrize("status", ["pending-install", "failed"])
def test_before_an_install_what_was_never_deployed_is_removed(status: str) -> None:
    store = FakeStore(secret(1, status))
    assert settle(store, **WHERE, action=HelmAction.INSTALL, reason="interrupted") == [1]
    assert store.statuses() == []


def test_an_install_does_not_remove_a_release_that_was_deployed() -> None:
    store = FakeStore(secret(1, "superseded"), secret(2, "failed"))
    assert settle(store, **WHERE, action=HelmAction.INSTALL, reason="interrupted") == []
    assert store.statuses() == [(1, "superseded"), (2, "failed")]


@pytest.mark.parametrize("status", ["pending-upgrade", "pending-rollback", "pending-install", "uninstalling"])
def test_before_an_upgrade_what_is_under_way_is_marked_failed(status: str) -> None:
    store = FakeStore(secret(1, "deployed"), secret(2, status))
    assert settle(store, **WHERE, action=HelmAction.UPGRADE, reason="Platz was interrupted") == [2]
    changed = store.secrets["sh.helm.release.v1.shop.v2"]
    document = read_release(changed)
    assert store.statuses() == [(1, "deployed"), (2, "failed")]
    assert document["info"] == {"status": "failed", "description": "Platz was interrupted", "notes": "kept"}
    assert document["config"] == {"kept": 1.5}
    assert changed["metadata"]["labels"]["status"] == "failed"  # type: ignore[index,call-overload]


@pytest.mark.parametrize("status", ["deployed", "failed", "superseded", "uninstalled"])
def test_what_has_ended_is_left_alone_before_an_upgrade(status: str) -> None:
    store = FakeStore(secret(1, status))
    assert settle(store, **WHERE, action=HelmAction.UPGRADE, reason="") == []
    assert store.statuses() == [(1, status)]


@pytest.mark.parametrize(
    "data",
    [
        None,
        {},
        {"release": "*"},
        {"release": base64.b64encode(b"*").decode()},
        {"release": base64.b64encode(base64.b64encode(b"not gzip")).decode()},
        {"release": packed([])},
        {"release": packed({"version": 1})[:40]},
    ],
)
def test_a_damaged_revision_is_named(data: object) -> None:
    broken: JsonObject = {"metadata": {"name": "sh.helm.release.v1.shop.v1"}, "data": data}  # type: ignore[dict-item]
    with pytest.raises(Rejected, match=r"sh\.helm\.release\.v1\.shop\.v1 is damaged"):
        read_release(broken)


def test_a_bomb_is_not_unpacked() -> None:
    bomb = base64.b64encode(base64.b64encode(gzip.compress(b" " * (65 * 1024 * 1024)))).decode()
    with pytest.raises(Rejected, match="damaged"):
        read_release({"metadata": {"name": "x"}, "data": {"release": bomb}})


def test_what_was_not_changed_is_written_back_as_it_was() -> None:
    stored = secret(3, "deployed", description="d")
    again = with_release(stored, read_release(stored), status="deployed")
    assert read_release(again) == read_release(stored)
    assert again["metadata"] == stored["metadata"]
